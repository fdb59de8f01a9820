"""What must not stand in our files: addresses of package registries, paths of one machine, inline code in pages."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# In two parts each, so that this file does not hold them itself.
_ANYWHERE = [
    *(name + ".org" for name in ("py" + "pi", "files.python" + "hosted", "registry.npm" + "js", "deb.debian")),
    *("/" + folder + "/" for folder in ("work" + "/main", "work" + "/shared", "root" + "/.", "tmp" + "/p")),
]
_STYLE = "an inline style; use a class"
_IN_PAGES = {
    _STYLE: re.compile(r"<[a-z][^>]*\sstyle\s*="),
    "an inline handler; use a module": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "an inline script; use a file": re.compile(r"<script(?![^>]*\b(?:src|type=[\"']application/json))[^>]*>"),
    "an address outside of this shop": re.compile(r"(?:src|href)\s*=\s*[\"']https?://(?!www\.w3\.org)"),
    "a filter that switches escaping off": re.compile(r"\|\s*safe\b|{%\s*autoescape off"),
}
_UNFINISHED = re.compile(r"#.*\b(?:TODO|FIXME|XXX)\b")


def check() -> list[str]:
    """Every complaint about every file that git knows or would take, as `file:line: sentence`."""
    complaints = []
    for path in _files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (UnicodeDecodeError, OSError):
            continue  # a picture, a table, a file that was just removed
        name = path.relative_to(ROOT)
        for number, line in enumerate(lines, 1):
            complaints += [f"{name}:{number}: {sentence}" for sentence in _about(name, line)]
    return complaints


def _about(name: Path, line: str) -> list[str]:
    found = [f"“{word}” belongs to one machine or registry" for word in _ANYWHERE if word in line]
    if name.suffix == ".py" and name.name != Path(__file__).name and _UNFINISHED.search(line):
        found.append("unfinished; finish it or take it out")
    if name.suffix == ".html" and "templates" in name.parts:
        # a mail has no style sheet to name classes in
        rules = _IN_PAGES if "mail" not in name.parts else {s: p for s, p in _IN_PAGES.items() if s != _STYLE}
        found += [sentence for sentence, pattern in rules.items() if pattern.search(line)]
    return found


def _files() -> list[Path]:
    """What git knows or would take; in an unpacked archive, without git, what our own folders hold."""
    if not (ROOT / ".git").exists():
        folders = ("regulars", "tests", "tools", "bench", "docs", "requirements")
        return [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name]
