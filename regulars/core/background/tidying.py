"""What the queue and the sessions leave behind is cleared every night."""

from importlib import import_module

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from regulars.core.background import queue
from regulars.core.background.schedule import every


@every("03:10", label=_("Forget old jobs"))
def forget_old_jobs() -> None:
    """Done a day ago, or failed three months ago."""
    queue.prune()


@every("03:20", label=_("Forget sessions that have run out"))
def forget_old_sessions() -> None:
    """Nobody can use them any more; they only take room."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
