"""Addresses of contact forms: some for customers, some for who sets them up."""

from django.urls import path

from regulars.inbox.views import contact, contact_forms

app_name = "contact"

urlpatterns = [
    path("contact/<str:public_id>.js", contact.script, name="contact-script"),
    path("contact/<str:public_id>", contact.page, name="contact-page"),
    path("contact/<str:public_id>/thanks/<str:token>", contact.thanks, name="contact-thanks"),
    path("settings/inbox/forms", contact_forms.listing, name="forms"),
    path("settings/inbox/forms/new", contact_forms.one, name="form-new"),
    path("settings/inbox/forms/<str:public_id>", contact_forms.one, name="form"),
    path("settings/inbox/forms/<str:public_id>/switch", contact_forms.switch, name="form-switch"),
    path("settings/inbox/forms/<str:public_id>/remove", contact_forms.remove, name="form-remove"),
]
