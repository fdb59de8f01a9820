"""Addresses of the settings of channels and webhooks."""

from django.urls import path

from regulars.channels.views import webhooks

urlpatterns = [
    path("settings/webhooks", webhooks.webhooks, name="webhooks"),
    path("settings/webhooks/<str:webhook_id>", webhooks.webhook, name="webhook"),
    path("settings/webhooks/<str:webhook_id>/change", webhooks.change, name="webhook-change"),
    path("settings/webhooks/<str:webhook_id>/switch", webhooks.switch, name="webhook-switch"),
    path("settings/webhooks/<str:webhook_id>/secret", webhooks.rotate, name="webhook-secret"),
    path("settings/webhooks/<str:webhook_id>/test", webhooks.try_it, name="webhook-test"),
    path("settings/webhooks/<str:webhook_id>/replay", webhooks.replay, name="webhook-replay"),
    path("settings/webhooks/<str:webhook_id>/remove", webhooks.remove, name="webhook-remove"),
]
