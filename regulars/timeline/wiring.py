"""What the timeline plugs into the house."""

from regulars.core.background import carry
from regulars.timeline.actions import acting, who_acts
from regulars.timeline.models import Source

# A job acts for the person who caused it, whichever worker runs it.
carry("actor", capture=lambda: who_acts().user_id, restore=lambda user_id: acting(user_id, Source.SYSTEM))
