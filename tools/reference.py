"""docs/reference: tables written from the code, so that they cannot say anything else than the code does.

python -m tools.reference          write them
python -m tools.reference check    complain where they are not what the code says
"""

from __future__ import annotations

import dataclasses
import inspect
import os
import re
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reference"
GROUPS = ROOT / "docs" / "guide" / "groups.md"
_BEGIN, _END = "<!-- vocabulary -->", "<!-- /vocabulary -->"
_SETTING = re.compile(
    r"\b(?:text|flag|words|number|networks|home|time_of_day)\(\s*\"([A-Z_]+)\"|environ(?:\.get\(|\[)\s*\"([A-Z_]+)\""
)
_NOT_FOR_PEOPLE = {"DJANGO_SETTINGS_MODULE", "REGULARS_PARENT"}


def write() -> int:
    """Write every table."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in tables().items():
        (FOLDER / name).write_text(make(), encoding="utf-8")
        print(f"  docs/reference/{name}")
    for path, make in pages().items():
        path.write_text(make(), encoding="utf-8")
        print(f"  {path.relative_to(ROOT)}")
    return 0


def check() -> list[str]:
    """Every table that is not what the code says, and every setting without its lines."""
    complaints = []
    for name, make in tables().items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != make():
            complaints.append(f"docs/reference/{name} is not what the code says; run `make docs`")
    for path, make in pages().items():
        if path.read_text(encoding="utf-8") != make():
            complaints.append(f"{path.relative_to(ROOT)} is not what the code says; run `make docs`")
    documented = set(re.findall(r"^\| `([A-Z_]+)`", _settings_page(), re.MULTILINE))
    complaints += [f"{name} is not in docs/reference/settings.md" for name in sorted(settings() - documented)]
    complaints += [
        f"{name} is in docs/reference/settings.md, but nobody reads it" for name in sorted(documented - settings())
    ]
    return complaints


def tables() -> dict[str, Callable[[], str]]:
    """The tables by file name."""
    _open_house()
    return {"facts.md": facts, "fields.md": fields, "permissions.md": permissions}


def pages() -> dict[Path, Callable[[], str]]:
    """The pages of which only a part is written from the code, between two comments."""
    return {GROUPS: groups}


def groups() -> str:
    """The guide to groups, with all that can be asked."""
    from regulars.segments.vocabulary import described

    before, rest = GROUPS.read_text(encoding="utf-8").split(_BEGIN)
    _old, after = rest.split(_END)
    return f"{before}{_BEGIN}\n{described.tables()}{_END}{after}"


def facts() -> str:
    """Every fact the product announces."""
    from regulars.timeline.facts import all_facts

    rows = [
        (
            f"`{name}`",
            _first_sentence(fact.__doc__),
            ", ".join(f"`{field.name}`" for field in dataclasses.fields(fact)) or "–",
            ", ".join(
                reader
                for reader, reads in (
                    ("timeline", fact.on_timeline),
                    ("audit", fact.is_audit),
                    ("webhooks", fact.is_public),
                )
                if reads
            ),
        )
        for name, fact in all_facts().items()
        if fact.__module__.startswith("regulars.") and ".tests" not in fact.__module__
    ]
    return _page(
        "Facts",
        "What the product announces, each in the transaction of the change it tells of.",
        ("fact", "says", "carries", "read by"),
        rows,
    )


def fields() -> str:
    """Every field of the catalogue."""
    from regulars.customers import catalogue

    rows = [
        (
            f"`{field.name}`",
            str(field.label),
            str(field.type),
            ", ".join(
                use
                for use, is_used in (
                    ("filter", field.is_filter),
                    ("sort", field.is_sortable),
                    ("column", field.is_column),
                    ("search", field.is_searched),
                )
                if is_used
            ),
            f"`{field.permission}`",
        )
        for field in sorted(catalogue.permanent(), key=lambda field: field.name)
    ]
    return _page(
        "Fields of a customer",
        "What can be asked of a customer: the one vocabulary of list filters, sorting, columns and the API.",
        ("field", "label", "type", "used for", "needs"),
        rows,
    )


def permissions() -> str:
    """Roles and permissions."""
    from regulars.staff.roles import PERMISSIONS, Role, permissions_of

    rows = [
        (f"`{name}`", str(label), *("yes" if name in permissions_of(role) else "" for role in Role.values))
        for name, label in PERMISSIONS.items()
    ]
    return _page(
        "Permissions",
        "What each role may do. Every page and every API operation states the permission it needs.",
        ("permission", "lets", *(str(role.label) for role in Role)),
        rows,
    )


def settings() -> set[str]:
    """Every option the product reads from its environment."""
    found = set()
    for path in (ROOT / "regulars").rglob("*.py"):
        if "tests" not in path.parts:
            for call in _SETTING.findall(path.read_text(encoding="utf-8")):
                found.update(name for name in call if name)
    # every option can be handed in as a file; the page says so once
    return {name for name in found if name.removesuffix("_FILE") not in found - {name}} - _NOT_FOR_PEOPLE


def _settings_page() -> str:
    path = FOLDER / "settings.md"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _page(title: str, sentence: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [f"# {title}", "", f"{sentence} Written by `make docs`; change the code, not this page.", ""]
    lines += [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in rows:
        cells = " | ".join(cell.replace("|", "\\|") for cell in row)
        lines.append(" ".join(f"| {cells} |".split()))
    return "\n".join(lines) + "\n"


def _first_sentence(text: str | None) -> str:
    words = " ".join(inspect.cleandoc(text or "").split("\n\n")[0].split())
    return words.rstrip(".")


def _open_house() -> None:
    import django
    from django.apps import apps
    from django.utils import translation

    os.environ.setdefault("REGULARS_SECRET_KEY", "only-to-read-the-code")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    if not apps.ready:
        django.setup()
    for path in sorted((ROOT / "regulars").glob("*/facts*")):
        import_module(f"regulars.{path.parent.name}.facts")
    translation.activate("en")


if __name__ == "__main__":
    if sys.argv[1:] != ["check"]:
        sys.exit(write())
    found = check()
    print("\n".join(found))
    sys.exit(1 if found else 0)
