"""What leaves the house, and by which ways."""

from regulars.messaging.models.accounts import Account, Report, Way
from regulars.messaging.models.deliveries import DeliveryEvent
from regulars.messaging.models.limits import Limits, SigningKey, Suppression
from regulars.messaging.models.messages import Message, MessageFile
from regulars.messaging.models.templates import Template, TemplateVersion

__all__ = [
    "Account",
    "DeliveryEvent",
    "Limits",
    "Message",
    "MessageFile",
    "Report",
    "SigningKey",
    "Suppression",
    "Template",
    "TemplateVersion",
    "Way",
]
