"""Addresses of the settings of mailboxes, and of the ledger of mails."""

from django.urls import path

from regulars.inbox.views import mailboxes, mails

_BOX = "settings/inbox/mailboxes/<str:mailbox_id>"
_MAIL = "settings/inbox/mails/<str:mail_id>"

urlpatterns = [
    path("settings/inbox/mailboxes", mailboxes.mailboxes, name="mailboxes"),
    path("settings/inbox/mailboxes/add", mailboxes.add, name="mailbox-add"),
    path(_BOX, mailboxes.mailbox, name="mailbox"),
    path(f"{_BOX}/change", mailboxes.change, name="mailbox-change"),
    path(f"{_BOX}/switch", mailboxes.switch, name="mailbox-switch"),
    path(f"{_BOX}/fetch", mailboxes.fetch, name="mailbox-fetch"),
    path(f"{_BOX}/count", mailboxes.count, name="mailbox-count"),
    path("settings/inbox/mails", mails.mails, name="mails"),
    path("settings/inbox/mails/again", mails.again, name="mails-again"),
    path(_MAIL, mails.mail, name="mail"),
    path(f"{_MAIL}/raw", mails.download, name="mail-raw"),
    path(f"{_MAIL}/do", mails.act, name="mail-act"),
]
