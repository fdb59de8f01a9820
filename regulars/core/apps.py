"""The room's entry in Django's list."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Plugs the room into the house when everything is loaded."""

    name = "regulars.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"
