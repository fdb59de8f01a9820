"""Addresses of the settings of channels and webhooks."""

from django.urls import path

from regulars.channels.views import channels, comparing, connections, deliveries, webhooks

_JOINED = "settings/channels/joined/<str:connection_id>"

urlpatterns = [
    path("settings/channels", channels.channels, name="channels"),
    path("settings/channels/add", channels.add, name="channel-add"),
    path("settings/channels/<str:channel_id>", channels.channel, name="channel"),
    path("settings/channels/<str:channel_id>/change", channels.change, name="channel-change"),
    path("settings/channels/<str:channel_id>/join/<slug:provider>", channels.join, name="join"),
    path(_JOINED, connections.connection, name="connection"),
    path(f"{_JOINED}/change", connections.change, name="connection-change"),
    path(f"{_JOINED}/fetch", connections.fetch, name="connection-fetch"),
    path(f"{_JOINED}/stop", connections.stop, name="connection-stop"),
    path(f"{_JOINED}/switch", connections.switch, name="connection-switch"),
    path(f"{_JOINED}/key", connections.key, name="connection-key"),
    path(f"{_JOINED}/subscribe", connections.subscribe, name="connection-subscribe"),
    path(f"{_JOINED}/again", connections.again, name="connection-again"),
    path(f"{_JOINED}/remove", connections.remove, name="connection-remove"),
    path(f"{_JOINED}/deliveries/<str:delivery_id>", deliveries.delivery, name="delivery"),
    path(f"{_JOINED}/days", comparing.compare, name="compare"),
    path(f"{_JOINED}/days/new", comparing.begin, name="compare-begin"),
    path(f"{_JOINED}/days/<str:difference_id>", comparing.fix, name="compare-fix"),
    path("settings/webhooks", webhooks.webhooks, name="webhooks"),
    path("settings/webhooks/<str:webhook_id>", webhooks.webhook, name="webhook"),
    path("settings/webhooks/<str:webhook_id>/change", webhooks.change, name="webhook-change"),
    path("settings/webhooks/<str:webhook_id>/switch", webhooks.switch, name="webhook-switch"),
    path("settings/webhooks/<str:webhook_id>/secret", webhooks.rotate, name="webhook-secret"),
    path("settings/webhooks/<str:webhook_id>/test", webhooks.try_it, name="webhook-test"),
    path("settings/webhooks/<str:webhook_id>/replay", webhooks.replay, name="webhook-replay"),
    path("settings/webhooks/<str:webhook_id>/remove", webhooks.remove, name="webhook-remove"),
]
