"""Where the shop sells, how we are joined to it, and what passes between."""

from regulars.channels.models.channel import Channel, Kind
from regulars.channels.models.coming import Connection, Delivery, DeliveryPerson, Fate, Mirror
from regulars.channels.models.comparing import Comparison, Difference, Reason
from regulars.channels.models.going import Endpoint, Posting, PostingState

__all__ = [
    "Channel",
    "Comparison",
    "Connection",
    "Delivery",
    "DeliveryPerson",
    "Difference",
    "Endpoint",
    "Fate",
    "Kind",
    "Mirror",
    "Posting",
    "PostingState",
    "Reason",
]
