"""The addresses of message services: their settings, and the door at which they report."""

from django.urls import path

from regulars.messaging import hooks
from regulars.messaging.connected import views

_ONE = "settings/messages/services/<str:account_id>"

urlpatterns = [
    path("hooks/messages/<str:account_id>", hooks.hook, name="hook"),
    path("settings/messages/services", views.services, name="services"),
    path("settings/messages/services/new/<slug:provider>", views.connect, name="service-new"),
    path(_ONE, views.service, name="service"),
    path(f"{_ONE}/check", views.check, name="service-check"),
    path(f"{_ONE}/secrets", views.renew, name="service-secrets"),
    path(f"{_ONE}/switch", views.switch, name="service-switch"),
    path(f"{_ONE}/again", views.again, name="service-again"),
    path(f"{_ONE}/remove", views.remove, name="service-remove"),
]
