"""Write requirements/*.txt from requirements/*.in: every version and hash, for every system, no download address.

build.txt is what builds the few packages given out as source alone; it takes the version that run.txt has.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / "build" / "lock"


def main() -> int:
    """Resolve both files with uv, in an environment of its own."""
    if not (VENV / "bin" / "uv").exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([VENV / "bin" / "pip", "install", "--quiet", "uv"], check=True)
    for name in ("run", "dev", "build"):
        command = [VENV / "bin" / "uv", "pip", "compile", "--universal", "--generate-hashes", "--no-annotate"]
        command += ["--no-emit-index-url", "--python-version", "3.11", "--custom-compile-command", "make lock"]
        command += ["-c", "requirements/run.txt"] if name == "build" else []
        command += [f"requirements/{name}.in", "-o", f"requirements/{name}.txt", "--quiet", *sys.argv[1:]]
        subprocess.run(command, check=True, cwd=ROOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
