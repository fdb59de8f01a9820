"""What leaves the house, and by which ways."""

from regulars.messaging.models.accounts import Account, Report
from regulars.messaging.models.messages import Message

__all__ = ["Account", "Message", "Report"]
