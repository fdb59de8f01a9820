"""What leaves the house, and by which ways."""

from regulars.messaging.models.accounts import Account, Report, Way
from regulars.messaging.models.limits import Limits, SigningKey, Suppression
from regulars.messaging.models.messages import Message, MessageFile

__all__ = ["Account", "Limits", "Message", "MessageFile", "Report", "SigningKey", "Suppression", "Way"]
