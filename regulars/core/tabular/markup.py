"""XML from a stranger, pulled in constant memory: no document types, no entities, no endless tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from django.utils.translation import gettext as _

from regulars.core.tabular.table import Unreadable

_CHUNK = 1 << 16
_TOKEN_LIMIT = 4 << 20  # one tag with all its attributes

Event = tuple[str, str, dict[str, str], str]


def feed(parser: expat.XMLParserType, stream: IO[bytes]) -> Iterator[None]:
    """Feed a stream to a parser whose handlers are set, pausing after each piece; raises Unreadable."""
    parser.StartDoctypeDeclHandler = _refuse_document_type
    fed = 0
    try:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - parser.CurrentByteIndex > _TOKEN_LIMIT:
                raise damaged()
            yield
        parser.Parse(b"", True)
        yield
    except expat.ExpatError as problem:
        raise damaged() from problem


def pull(stream: IO[bytes], names: set[str]) -> Iterator[Event]:
    """Starts and ends of the named elements, whatever their namespace, and all text between them."""
    events: list[Event] = []
    known: dict[str, str] = {}

    def local(name: str) -> str:
        if name not in known:
            known[name] = name.rpartition("}")[2]
        return known[name]

    def start(name: str, attributes: dict[str, str]) -> None:
        if (short := local(name)) in names:
            events.append(("start", short, attributes, ""))

    def end(name: str) -> None:
        if (short := local(name)) in names:
            events.append(("end", short, {}, ""))

    parser = new_parser()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = lambda text: events.append(("text", "", {}, text))
    for _fed in feed(parser, stream):
        yield from events
        events.clear()


def small_tree(stream: IO[bytes], *, limit: int) -> Element:
    """A small document as a tree of elements without their namespaces; larger than `limit` bytes is refused."""
    builder = TreeBuilder()
    parser = new_parser()

    def start(name: str, attributes: dict[str, Any]) -> None:
        builder.start(name.rpartition("}")[2], {key.rpartition("}")[2]: value for key, value in attributes.items()})

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: builder.end(name.rpartition("}")[2])
    for fed, _fed in enumerate(feed(parser, stream), 1):
        if fed * _CHUNK > limit:
            raise damaged()
    return builder.close()


def new_parser() -> expat.XMLParserType:
    """A parser that names elements `namespace}name` and joins the pieces of a text."""
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.buffer_size = _CHUNK
    return parser


def damaged() -> Unreadable:
    """What is said of every workbook that does not hold what a workbook holds."""
    return Unreadable(_("The workbook is damaged or cut off. Save it again, and try again."))


def _refuse_document_type(*_declaration: object) -> None:
    raise damaged()
