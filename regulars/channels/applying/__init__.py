"""What arrived becomes rows: the newest state of each object, whatever order it arrived in (docs/decisions/0026).

states    records as states of objects: which of two is newer, which are in the same batch
taking    one transaction of a channel: states against what we have, takers in their order, what was learned
engine    deliveries that wait, in batches; a bad one is found and set aside; `apply_records` for what was fetched
sleeping  the thread beside the worker's jobs that does it as soon as something arrived
keeping   whose deliveries are whose, and how long they are kept
"""

from regulars.channels.applying.engine import Engine, apply_records, drain
from regulars.channels.applying.taking import Outcome

__all__ = ["Engine", "Outcome", "apply_records", "drain"]
