"""The room's entry in Django's list."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Plugs the room into the house when everything is loaded."""

    name = "regulars.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # all have work that runs by the clock
        from regulars.core.api import idempotency  # noqa: F401, PLC0415
        from regulars.core.background import tidying  # noqa: F401, PLC0415
        from regulars.core.backup import taking  # noqa: F401, PLC0415
        from regulars.core.live import events  # noqa: F401, PLC0415
