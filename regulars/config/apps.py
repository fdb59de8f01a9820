"""The doors' entry in Django's list."""

from django.apps import AppConfig


class DoorsConfig(AppConfig):
    """Plugs the pages that know all rooms into the house when everything is loaded."""

    name = "regulars.config"
    label = "doors"

    def ready(self) -> None:
        from regulars.config import wiring  # noqa: F401, PLC0415 — wiring needs all models to be loaded
