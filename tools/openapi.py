"""`make openapi`: writes tests/openapi.json, so that every change of the API is seen when it is reviewed."""

from __future__ import annotations

import json
import os
from pathlib import Path

SNAPSHOT = Path(__file__).resolve().parents[1] / "tests" / "openapi.json"


def main() -> None:
    """Write the description as it is now."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    os.environ.setdefault("REGULARS_SECRET_KEY", "only to read the description of the API")
    import django

    django.setup()
    from regulars.config.api_schema import schema

    SNAPSHOT.write_text(written(schema()), encoding="utf-8")


def written(document: dict[str, object]) -> str:
    """The description as the snapshot holds it."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    main()
