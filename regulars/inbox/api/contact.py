"""Contact forms, for programs that put them into a shop's pages."""

from __future__ import annotations

from typing import Annotated, Literal

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from pydantic import Field

from regulars.core import ids
from regulars.core.api.preconditions import find
from regulars.core.api.routes import Answer
from regulars.core.api.schemas import Out, PublicId
from regulars.inbox.api.shapes import routes
from regulars.inbox.contact import embedding
from regulars.inbox.models import ContactForm, Topic
from regulars.staff.models import Team

_SETUP = "inbox.setup"


class ContactFormOut(Out):
    """A contact form: what it asks, where it goes, and how a page shows it."""

    id: PublicId
    name: str
    is_on: bool
    asks: Annotated[
        list[Literal["phone", "order", "kind", "topic", "files"]],
        Field(description="What it asks beside the name, the address and the message."),
    ]
    topics: Annotated[list[PublicId], Field(description="The topics that customers choose from.")]
    topic: Annotated[PublicId | None, Field(description="The topic where nobody chose one.")]
    team: PublicId | None
    channel: str | None
    origins: Annotated[list[str], Field(description="The sites that may show it in their pages.")]
    url: Annotated[str, Field(description="Its own page.")]
    snippet: Annotated[str, Field(description="The line that puts it into a page of one of those sites.")]


class ContactFormsOut(Out):
    """All contact forms, by name."""

    items: list[ContactFormOut]


@routes.reads("/contact_forms", permission=_SETUP, summary="List contact forms", out=ContactFormsOut)
def list_contact_forms(request: HttpRequest) -> Answer:  # noqa: ARG001 — every operation takes it
    """All contact forms, by name. There are few, so that the list is not paged."""
    rows = ContactForm.objects.select_related("channel")
    return Answer(body=ContactFormsOut(items=[_out(row) for row in rows]))


@routes.reads("/contact_forms/{form_id}", permission=_SETUP, summary="Read a contact form", out=ContactFormOut)
def get_contact_form(request: HttpRequest, form_id: str) -> Answer:  # noqa: ARG001
    """One contact form."""
    row = find(ContactForm, form_id)
    return Answer(body=_out(row), version=row.version)


def _out(row: ContactForm) -> ContactFormOut:
    return ContactFormOut(
        id=row.public_id,
        name=row.name,
        is_on=row.is_on,
        asks=row.asks,
        topics=[ids.encode(Topic.id_prefix, key) for key in row.topics],
        topic=ids.encode(Topic.id_prefix, row.topic_id) if row.topic_id else None,
        team=ids.encode(Team.id_prefix, row.team_id) if row.team_id else None,
        channel=row.channel.code if row.channel else None,
        origins=row.origins,
        url=settings.PUBLIC_URL + reverse("contact:contact-page", args=[row.public_id]),
        snippet=embedding.snippet(row),
    )
