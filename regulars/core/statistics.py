"""What the database knows about its tables when it plans how to answer: learned anew each night, and after growth.

Without it SQLite takes every index to be as good as any other, and PostgreSQL believes a table that was filled a
minute ago to be empty.
"""

from __future__ import annotations

from django.apps import apps
from django.db import connection
from django.utils.translation import gettext_lazy as _

from regulars.core.background import every

_ROWS_LOOKED_AT = 1_000  # of each index; enough to tell a good one from a bad one, and done in a second


@every("04:10", label=_("Learn how the tables are filled"))
def learn_statistics() -> None:
    """Let the database look at all tables of ours."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            tables = (connection.ops.quote_name(model._meta.db_table) for model in apps.get_models())
            cursor.execute(f"ANALYZE {', '.join(tables)}")
        else:
            cursor.execute(f"PRAGMA analysis_limit = {_ROWS_LOOKED_AT}")
            cursor.execute("ANALYZE")
