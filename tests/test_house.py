"""The floor plan, and what every room promises."""

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "regulars"
ROOMS = sorted(path.parent for path in PACKAGE.glob("*/__init__.py"))
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)


def test_every_room_has_its_floor():
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    placed = {room.strip() for layer in contract["layers"] for room in layer.split("|")}
    assert contract["exhaustive"] is True
    assert {room.name for room in ROOMS} == placed
    assert len(placed) <= 17


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_says_in_one_sentence_what_it_is_for(room):
    said = ast.get_docstring(ast.parse((room / "__init__.py").read_text()))
    assert said
    assert said.count("\n") == 0
    assert said.endswith(".")


def test_no_drawer_for_everything():
    drawers = {"utils.py", "helpers.py", "managers.py", "signals.py", "misc.py", "common.py"}
    assert [path for path in SOURCES if path.name in drawers] == []


def test_no_file_tells_too_many_stories():
    long = [f"{path.relative_to(ROOT)}: {n}" for path in SOURCES if (n := len(path.read_text().splitlines())) > 500]
    assert long == []


def test_only_one_door_writes_to_the_timeline():
    writers = [
        str(path.relative_to(PACKAGE))
        for path in SOURCES
        if "tests" not in path.parts and ("Entry(" in path.read_text() or "Entry.objects.create" in path.read_text())
    ]
    assert [name for name in writers if not name.startswith("timeline/")] == []


def test_every_table_stands_in_the_migrations(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_migrations_import_nothing_of_ours():
    guilty = []
    for path in PACKAGE.rglob("migrations/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            module = getattr(node, "module", None) or ""
            names = [alias.name for alias in getattr(node, "names", []) if isinstance(alias, ast.alias)]
            if any(name.startswith("regulars") for name in [module, *names]):
                guilty.append(f"{path.parent.parent.name}/{path.name}: {module or names}")
    # validators and defaults of models are named by migrations where Django cannot do otherwise
    assert guilty == []


def test_no_two_shapes_of_the_api_share_a_name():
    """The description knows them by name alone: the second would be described as the first."""
    named = {}
    for path in (one for one in SOURCES if "api" in (*one.parts[-2:], one.stem)):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name.endswith(("In", "Out", "Patch")):
                named.setdefault(node.name, []).append(path.name)
    assert {name: files for name, files in named.items() if len(files) > 1} == {}


def test_a_shop_that_is_open_to_the_world_passes_djangos_own_deployment_check(tmp_path):
    environment = {
        "PATH": os.environ["PATH"],
        "REGULARS_HOME": str(tmp_path),
        "REGULARS_SECRET_KEY": "k7" * 40 + "abcdefghijklmnopqrst",
        "REGULARS_HTTPS": "1",
        "REGULARS_HOSTS": "crm.shop.example",
        "DATABASE_URL": "",
    }
    (tmp_path / "static").mkdir()
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
