"""Words to translate: collected from Python and templates with Babel, without GNU gettext.

python -m tools.messages update    bring locale/*/LC_MESSAGES/django.po up to the code
python -m tools.messages check     complain about what is missing, fuzzy, stale or differs in its placeholders
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "regulars"
LANGUAGES = ["zh_Hans"]
_KEYWORDS: dict = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")
_SCRIPT_WORDS = {"gettext": None, "ngettext": (1, 2)}


def update() -> int:
    """Write each catalogue anew: new words empty, unused ones out, translations kept."""
    for domain, words in (("django", collect()), ("djangojs", collect_scripts())):
        for language in LANGUAGES:
            path = _path(language, domain)
            if not words and not path.exists():
                continue
            catalogue = _read(path, language)
            catalogue.update(words, no_fuzzy_matching=True)
            catalogue.obsolete.clear()
            path.parent.mkdir(parents=True, exist_ok=True)
            buffer = io.BytesIO()
            write_po(buffer, catalogue, width=100, include_lineno=False, sort_by_file=True)
            # the moment of writing would differ at every run
            text = re.sub(r'^"POT-Creation-Date:.*\n', "", buffer.getvalue().decode(), flags=re.MULTILINE)
            path.write_text(text, encoding="utf-8")
            empty = sum(1 for message in catalogue if message.id and not _is_translated(message))
            print(f"  {path.relative_to(ROOT)}: {len(catalogue)} words, {empty} to translate")
    return 0


def check() -> list[str]:
    """Every complaint about every catalogue."""
    complaints = []
    for domain, words in (("django", collect()), ("djangojs", collect_scripts())):
        for language in LANGUAGES:
            complaints += _complaints(words, _read(_path(language, domain), language), f"{language}/{domain}")
    return complaints


def collect() -> Catalog:
    """Every word that Python code and templates mark."""
    _configure_django()
    words = Catalog()
    for path in sorted(PACKAGE.rglob("*.py")):
        if "tests" not in path.parts and "migrations" not in path.parts:
            _take(words, path, path.read_bytes(), "python", _KEYWORDS)
    for path in sorted([*PACKAGE.rglob("templates/**/*.html"), *PACKAGE.rglob("templates/**/*.txt")]):
        _take(words, path, _templatized(path).encode(), "python", _KEYWORDS)
    return words


def collect_scripts() -> Catalog:
    """Every word that scripts mark."""
    words = Catalog()
    for path in sorted(PACKAGE.rglob("static/**/*.js")):
        _take(words, path, path.read_bytes(), "javascript", _SCRIPT_WORDS)
    return words


def _take(words: Catalog, path: Path, source: bytes, kind: str, keywords: dict) -> None:
    for line, text, comments, context in extract(kind, io.BytesIO(source), keywords, ["Translators:"], {}):
        if text and (text if isinstance(text, str) else text[0]):
            words.add(text, None, [(str(path.relative_to(ROOT)), line)], auto_comments=comments, context=context)


def _templatized(path: Path) -> str:
    """A template as Python code that calls gettext, as Django makes it; without its indents, which are not Python's."""
    from django.utils.translation.template import templatize

    return "\n".join(line.lstrip() for line in templatize(path.read_text(encoding="utf-8")).splitlines())


def _complaints(words: Catalog, known: Catalog, name: str) -> Iterator[str]:
    for message in words:
        if not message.id:
            continue
        found = known.get(message.id if isinstance(message.id, str) else message.id[0], message.context)
        if found is None or not _is_translated(found):
            yield f"{name}: not translated: {message.id!r} ({message.locations[0][0]})"
        elif found.fuzzy:
            yield f"{name}: fuzzy: {message.id!r}"
        elif _placeholders(message.id) != _placeholders(found.string):
            yield f"{name}: the placeholders differ: {message.id!r} and {found.string!r}"
    for message in known:
        if (
            message.id
            and words.get(message.id if isinstance(message.id, str) else message.id[0], message.context) is None
        ):
            yield f"{name}: no longer used: {message.id!r}"


def _is_translated(message: Message) -> bool:
    return bool(message.string) and all(
        message.string if isinstance(message.string, tuple | list) else [message.string]
    )


def _placeholders(text: object) -> set[str]:
    """Of a plural the last form counts: a language may write one without its number."""
    form = text[-1] if isinstance(text, tuple | list) else str(text)
    return {"".join(found) for found in _PLACEHOLDER.findall(form)}


def _read(path: Path, language: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=language, project="Regulars", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _path(language: str, domain: str) -> Path:
    return PACKAGE / "locale" / language / "LC_MESSAGES" / f"{domain}.po"


def _configure_django() -> None:
    import django
    from django.conf import settings

    os.environ.setdefault("REGULARS_SECRET_KEY", "only-to-read-templates")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    if not settings.configured:
        django.setup()


if __name__ == "__main__":
    if sys.argv[1:] == ["update"]:
        sys.exit(update())
    found = check()
    print("\n".join(found))
    sys.exit(1 if found else 0)
