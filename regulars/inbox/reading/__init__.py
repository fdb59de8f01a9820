"""Mails, understood: pure functions from bytes, without a database and without the framework."""

from regulars.inbox.reading.html import has_remote_images, shown, with_remote_images
from regulars.inbox.reading.mail import Address, Mail, MailFile
from regulars.inbox.reading.reader import read
from regulars.inbox.reading.safely import read_safely

__all__ = [
    "Address",
    "Mail",
    "MailFile",
    "has_remote_images",
    "read",
    "read_safely",
    "shown",
    "with_remote_images",
]
