"""Addresses of what is set up for sorting and answering inquiries."""

from django.urls import path

from regulars.inbox.views import calendar, signing, sorting

app_name = "sorting"

urlpatterns = [
    path("settings/inbox/topics", sorting.topics, name="topics"),
    path("settings/inbox/topics/<str:public_id>/archive", sorting.archive, name="topic-archive"),
    path("settings/inbox/answers", sorting.answers, name="answers"),
    path("settings/inbox/answers/new", sorting.answer, name="answer-new"),
    path("settings/inbox/answers/<str:public_id>", sorting.answer, name="answer"),
    path("settings/signature", signing.own, name="signature"),
    path("settings/inbox/signatures", signing.shared, name="signatures"),
    path("settings/inbox/silence", calendar.silences, name="silence"),
    path("settings/inbox/keeping", calendar.keeping, name="keeping"),
    path("settings/inbox/macros", sorting.macros, name="macros"),
    path("settings/inbox/macros/new", sorting.macro, name="macro-new"),
    path("settings/inbox/macros/<str:public_id>", sorting.macro, name="macro"),
    path("settings/inbox/rules", sorting.rules, name="rules"),
    path("settings/inbox/rules/new", sorting.rule, name="rule-new"),
    path("settings/inbox/rules/<str:public_id>", sorting.rule, name="rule"),
    path("settings/inbox/rules/<str:public_id>/move", sorting.move, name="rule-move"),
    path("settings/inbox/switch/<str:what>/<str:public_id>", sorting.switch, name="switch"),
    path("settings/inbox/remove/<str:what>/<str:public_id>", sorting.remove, name="remove"),
]
