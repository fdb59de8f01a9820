"""The database learns how its tables are filled."""

from django.db import connection

from regulars.core.models import Shop
from regulars.core.statistics import learn_statistics


def test_the_database_knows_its_tables_afterwards(db):
    Shop.objects.create(name="Hain & Hafen")

    learn_statistics()

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'core_shop'")
            assert cursor.fetchone() == (1,)
        else:
            cursor.execute("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'core_shop'")
            assert cursor.fetchone() == (1,)
