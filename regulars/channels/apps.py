"""The room's entry in Django's list."""

from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    """Plugs the room into the house when everything is loaded."""

    name = "regulars.channels"
    label = "channels"
    default_auto_field = "django.db.models.BigAutoField"
