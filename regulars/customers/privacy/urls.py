"""The addresses of people's rights."""

from django.urls import path

from regulars.customers import reads
from regulars.customers.views import privacy, privacy_person, privacy_rules

app_name = "privacy"

urlpatterns = [
    path("settings/privacy", privacy.requests, name="requests"),
    path("settings/privacy/new", privacy.new, name="new"),
    path("settings/privacy/requests/<str:request_id>", privacy.one, name="request"),
    path("settings/privacy/requests/<str:request_id>/identity", privacy.check, name="check"),
    path("settings/privacy/requests/<str:request_id>/later", privacy.later, name="later"),
    path("settings/privacy/requests/<str:request_id>/answer", privacy.answer, name="answer"),
    path("settings/privacy/limits", privacy_person.limits, name="limits"),
    path("settings/privacy/erasures", privacy_person.erasures, name="erasures"),
    path("settings/privacy/erasures/<str:erasure_id>", privacy_person.erasure, name="erasure"),
    path(
        "settings/privacy/erasures/<str:erasure_id>/certificate.<str:form>",
        privacy_person.certificate,
        name="certificate",
    ),
    path("settings/privacy/rules", privacy_rules.rules, name="rules"),
    path("settings/privacy/rules/period", privacy_rules.period, name="period"),
    path("settings/privacy/rules/<slug:key>", privacy_rules.rule_preview, name="rule"),
    path("settings/privacy/rules/<slug:key>/set", privacy_rules.rule_set, name="rule-set"),
    path("settings/privacy/consents", privacy_rules.register, name="register"),
    path("settings/privacy/consents/export", privacy_rules.register_export, name="register-export"),
    path("settings/privacy/processing", privacy_rules.processed, name="processing"),
    path("settings/privacy/words", privacy_rules.words, name="words"),
    path("customers/<str:public_id>/privacy", privacy_person.person, name="person"),
    path("customers/<str:public_id>/privacy/limit", privacy_person.limit, name="limit"),
    path("customers/<str:public_id>/privacy/limits/<int:limit_id>/lift", privacy_person.lift, name="lift"),
    path("customers/<str:public_id>/privacy/consent", privacy_person.consent, name="consent"),
    path("customers/<str:public_id>/privacy/copy", privacy_person.copy, name="copy"),
    path("customers/<str:public_id>/privacy/erase", privacy_person.erase, name="erase"),
]

reads.noted(urlpatterns)
