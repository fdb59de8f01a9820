"""Make the virtual environment: `python3 tools/install.py run` (or `dev`), with nothing but Python itself.

Packages come from a lock with hashes; the project itself is linked in, so that a change of code needs no new install.
A stamp in the environment names the lock it was made from: with the same lock there is nothing to do.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
WHEELS = ("--require-hashes", "--only-binary=:all:")  # nothing runs at installing, and no compiler is asked for
# Given out as source alone: pure Python, built by the setuptools of build.txt and by nothing fetched beside it.
BUILT_HERE = ("--no-binary=dkimpy", "--no-build-isolation")


def main() -> int:
    """Install what `run` or `dev` needs; the exit code of what failed, or 0."""
    if sys.version_info < OLDEST:
        return with_newer_python()
    name = sys.argv[1]
    lock = ROOT / "requirements" / f"{name}.txt"
    wanted = stamp(lock)
    stamps = [VENV / f".installed-{known}" for known in {name, "dev"}]  # dev holds all that run needs
    if any(is_current(path) for path in stamps):
        return 0
    os.chdir(ROOT)
    print(f"  Regulars is installed into .venv ({name}); the first time takes a minute or two.", flush=True)
    steps = []
    if not PYTHON.exists() or not works():
        steps.append(("Virtual environment", make_environment))
    steps += [
        ("Builder", lambda: pip(*WHEELS, "-r", str(lock.with_name("build.txt")))),
        ("Packages", lambda: pip(*WHEELS, *BUILT_HERE, "-r", str(lock))),
        ("Regulars", lambda: pip("--no-deps", "--no-build-isolation", "--no-index", "-e", str(ROOT))),
    ]
    for label, deed in steps:
        began = time.monotonic()
        print(f"  … {label}", end="\r" if sys.stdout.isatty() else "\n", flush=True)
        code = deed()
        if code:
            print(f"  ✗ {label}: see above.", file=sys.stderr)
            return code
        print(f"  ✓ {label:<57} {time.monotonic() - began:6.1f} s", flush=True)
    (VENV / f".installed-{name}").write_text(wanted, encoding="ascii")
    return 0


def stamp(lock: Path) -> str:
    """What an environment made from this lock depends on."""
    digest = hashlib.sha256(lock.read_bytes())
    digest.update((ROOT / "pyproject.toml").read_bytes())
    digest.update(f"{ROOT} {sys.version_info[:2]}".encode())
    return digest.hexdigest()


def is_current(path: Path) -> bool:
    """Whether the stamp is of the lock as it is now."""
    lock = ROOT / "requirements" / f"{path.name.rpartition('-')[2]}.txt"
    return PYTHON.exists() and path.is_file() and path.read_text(encoding="ascii") == stamp(lock)


def works() -> bool:
    """Whether the environment's Python starts and is of our version: it breaks when the system's Python goes."""
    code = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    return subprocess.run([PYTHON, "-c", code], check=False).returncode == 0


def make_environment() -> int:
    """A fresh environment; what was there before goes."""
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        venv.create(VENV, with_pip=True)
    except subprocess.CalledProcessError:
        print(
            "  This Python cannot make virtual environments. Debian and Ubuntu: install python3-venv.", file=sys.stderr
        )
        return 2
    return 0


def pip(*arguments: str) -> int:
    """Run the environment's own pip."""
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    command = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", *quiet, *arguments]
    return subprocess.run(command, check=False).returncode


def with_newer_python() -> int:
    """Hand over to the newest Python of this machine that is new enough."""
    for minor in range(15, 10, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            os.execv(found, [found, *sys.argv])
    version = ".".join(map(str, sys.version_info[:2]))
    print(f"Regulars needs Python 3.11 or newer; python3 here is {version}. Set PYTHON=/path/to/it.", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
