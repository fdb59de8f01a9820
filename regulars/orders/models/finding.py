"""The finder of order numbers."""

from __future__ import annotations

from django.db import models


class NumberGram(models.Model):
    """The finder of order numbers: which orders of a block of 65,536 have a short piece of text in their number.

    Kept as customers.Gram is, by the same code. A hint, never the truth: what is found is checked against the number.
    """

    pk = models.CompositePrimaryKey("block", "code")
    block = models.IntegerField()
    code = models.BigIntegerField()
    ids = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.code} in {self.block}"


class UnindexedNumber(models.Model):
    """Orders whose number is new and not in the finder yet; searches read these rows as well."""

    id = models.BigAutoField(primary_key=True)
    order_id = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.order_id)
