"""Tags, and fields of the shop's own, for programs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from pydantic import ConfigDict, Field

from regulars.core.api.preconditions import find, must_match
from regulars.core.api.routes import Answer
from regulars.core.api.schemas import In, Out, PublicId
from regulars.customers import customfields
from regulars.customers.actions import custom_fields as actions
from regulars.customers.actions import tags as tag_actions
from regulars.customers.api.shapes import routes
from regulars.customers.models import CustomField, Tag
from regulars.customers.queries.tags import tag_counts

_FIELDS, _FIELD = "/customer_fields", "/customer_fields/{field_id}"
_TAGS, _TAG = "/tags", "/tags/{tag_id}"

FieldType = Literal["text", "long_text", "number", "money", "date", "yes_no", "one_of", "several_of", "link"]
RoleName = Annotated[str, Field(max_length=40, pattern="^[a-z0-9_-]+$")]
Label = Annotated[str, Field(max_length=80)]


class OptionIn(In):
    """An option of a choice; with the key of one that is there, it is that one, perhaps under another name."""

    key: Annotated[str, Field(default_factory=str, max_length=40)]
    label: Label


class FieldSettings(In):
    """How a field is set up; what is not sent stays as it is."""

    label: Annotated[str, Field(default_factory=str, max_length=80)]
    help: Annotated[str, Field(default_factory=str, max_length=250)]
    options: Annotated[list[OptionIn], Field(default_factory=list, max_length=500)]
    is_required: Annotated[bool, Field(default_factory=bool)]
    is_sensitive: Annotated[
        bool, Field(default_factory=bool, description="Encrypted for each customer: found as a whole, sorts nothing.")
    ]
    default: Annotated[str | list[str] | None, Field(default=None, description="What somebody new has.")]
    seen_by: Annotated[
        list[RoleName],
        Field(default_factory=list, max_length=60, description="Keys of the roles that see it; empty for all."),
    ]


class FieldIn(FieldSettings):
    """A new field."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"label": "Water", "type": "one_of", "options": [{"label": "Soft"}]}}
    )

    label: Label
    type: FieldType


class FieldPatch(FieldSettings):
    """What to change of a field. Another type is taken where every value that is kept fits it."""

    model_config = ConfigDict(json_schema_extra={"example": {"label": "Water at home"}})

    type: Annotated[FieldType, Field(default=None)]
    is_archived: Annotated[bool, Field(default_factory=bool)]


class OptionOut(Out):
    """An option of a choice."""

    key: str
    label: str


class FieldOut(Out):
    """A field of the shop's own; `name` is what filters call it."""

    id: PublicId
    version: int
    key: str
    name: str
    label: str
    type: FieldType
    help: str
    options: list[OptionOut]
    is_required: bool
    is_sensitive: bool
    default: str | list[str] | None
    seen_by: list[RoleName]
    is_archived: bool


class FieldsOut(Out):
    """The fields that the token's owner may see, in their order."""

    items: list[FieldOut]


class TagOut(Out):
    """A tag, and how many customers have it."""

    id: PublicId
    version: int
    name: str
    customers: int


class TagsOut(Out):
    """All tags, in alphabetical order."""

    items: list[TagOut]


class TagPatch(In):
    """Another name for a tag."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Wholesale"}})

    name: Annotated[str, Field(max_length=60)]


@routes.reads(_FIELDS, permission="customers.view", summary="List the shop's own fields", out=FieldsOut)
def list_fields(request: HttpRequest) -> Answer:
    """The fields that the shop added itself."""
    seen = customfields.seen_by(request.auth)  # type: ignore[attr-defined]
    return Answer(body=FieldsOut(items=[_field_out(field) for field in seen]))


@routes.creates(_FIELDS, permission="customers.setup", summary="Add a field", out=FieldOut)
def create_field(request: HttpRequest, field: FieldIn) -> Answer:  # noqa: ARG001 — every operation takes it
    """Add a field; its key is made of the label."""
    made = actions.create_field(**_settings(field))
    return _answer(made, location=f"/api/v1/customer_fields/{made.public_id}")


@routes.reads(_FIELD, permission="customers.setup", summary="Read a field", out=FieldOut)
def get_field(request: HttpRequest, field_id: str) -> Answer:  # noqa: ARG001
    """A field of the shop's own, also one that was put away."""
    return _answer(find(CustomField, field_id))


@routes.changes(_FIELD, permission="customers.setup", summary="Change a field", out=FieldOut)
def change_field(request: HttpRequest, field_id: str, field: FieldPatch) -> Answer:
    """Change what is sent; put a field away, or take it out again."""
    known = find(CustomField, field_id, to_change=True)
    must_match(request, known, shown=_field_out(known))
    settings = _settings(field)
    is_archived = settings.pop("is_archived", None)
    if settings:
        known = actions.change_field(known, **settings)
    if is_archived is not None:
        known = actions.archive_field(known, is_archived=is_archived)
    return _answer(known)


@routes.reads(_TAGS, permission="customers.view", summary="List tags", out=TagsOut)
def list_tags(request: HttpRequest) -> Answer:  # noqa: ARG001
    """All tags with how many customers have them."""
    counts = tag_counts()
    return Answer(body=TagsOut(items=[_tag_out(tag, counts[tag.pk]) for tag in Tag.objects.all()]))


@routes.reads(_TAG, permission="customers.view", summary="Read a tag", out=TagOut)
def get_tag(request: HttpRequest, tag_id: str) -> Answer:  # noqa: ARG001
    """A tag with how many customers have it."""
    tag = find(Tag, tag_id)
    return Answer(body=_tag_out(tag, tag_counts()[tag.pk]), version=tag.version)


@routes.changes(_TAG, permission="customers.setup", summary="Rename a tag", out=TagOut)
def rename_tag(request: HttpRequest, tag_id: str, tag: TagPatch) -> Answer:
    """Call a tag something else; everybody keeps it."""
    known, counts = find(Tag, tag_id, to_change=True), tag_counts()
    must_match(request, known, shown=_tag_out(known, counts[known.pk]))
    renamed = tag_actions.rename_tag(known, name=tag.name)
    return Answer(body=_tag_out(renamed, counts[known.pk]), version=renamed.version)


@routes.removes(_TAG, permission="customers.setup", summary="Delete a tag")
def delete_tag(request: HttpRequest, tag_id: str) -> Answer:
    """Take a tag off everybody; in the settings it can be brought back for 30 days."""
    known = find(Tag, tag_id, to_change=True)
    must_match(request, known, shown=_tag_out(known, tag_counts()[known.pk]))
    tag_actions.delete_tag(known)
    return Answer()


def _settings(sent: FieldSettings) -> dict[str, Any]:
    """What was sent, as the verbs take it."""
    settings = sent.given()
    if "options" in settings:
        settings["options"] = [{"key": one.key, "label": one.label} for one in settings["options"]]
    return settings


def _answer(field: CustomField, *, location: str = "") -> Answer:
    return Answer(body=_field_out(field), version=field.version, location=location)


def _field_out(field: CustomField) -> FieldOut:
    return FieldOut(
        id=field.public_id,
        version=field.version,
        key=field.key,
        name=field.name,
        label=field.label,
        type=field.type,  # type: ignore[arg-type]
        help=field.help,
        options=[OptionOut(**option) for option in field.options],
        is_required=field.is_required,
        is_sensitive=field.is_sensitive,
        default=field.default,
        seen_by=field.seen_by,
        is_archived=field.is_archived,
    )


def _tag_out(tag: Tag, customers: int) -> TagOut:
    return TagOut(id=tag.public_id, version=tag.version, name=tag.name, customers=customers)
