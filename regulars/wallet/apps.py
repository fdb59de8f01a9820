"""The room's entry in Django's list."""

from django.apps import AppConfig


class WalletConfig(AppConfig):
    """Plugs the room into the house when everything is loaded."""

    name = "regulars.wallet"
    label = "wallet"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from regulars.wallet import wiring  # noqa: F401, PLC0415 — wiring needs all models to be loaded
