"""What makes lists and search fast: derived tables, which can be built anew at any time."""

from __future__ import annotations

from django.db import models


class Gram(models.Model):
    """The search index: which customers of a block of 65,536 have a short piece of text (see customers/search.py).

    `code` packs two or three characters, `block` is the customer id without its last 16 bits, `ids` a roaring bitmap
    of the last 16 bits. A hint, never the truth: what a search finds here is checked against `search_text`.
    """

    # the block first: a batch of new customers touches one block, and the grams of a term are read block by block
    pk = models.CompositePrimaryKey("block", "code")
    block = models.IntegerField()
    code = models.BigIntegerField()
    ids = models.BinaryField()

    class Meta:
        verbose_name = "gram"

    def __str__(self) -> str:
        return f"{self.code} in {self.block}"


class Standing(models.Model):
    """On which step of a column's scale each customer of a block of 65,536 stands: one 16-bit number per customer.

    Block -1 holds the scale itself, so that one statement reads a scale and the standings that were made with it (see
    customers/standings.py). A hint, as Gram is: it narrows a list to the rows worth reading, and those are then tested
    as they are.
    """

    pk = models.CompositePrimaryKey("column", "block")
    column = models.CharField(max_length=40)
    block = models.IntegerField()
    steps = models.BinaryField()

    class Meta:
        verbose_name = "standing"

    def __str__(self) -> str:
        return f"{self.column} in {self.block}"


class Unindexed(models.Model):
    """Customers that changed since they were last indexed; every search and list looks at their rows as well.

    `has_new_text` says that the search text changed too, and not only figures.
    """

    id = models.BigAutoField(primary_key=True)
    customer_id = models.BigIntegerField()
    has_new_text = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "unindexed"

    def __str__(self) -> str:
        return str(self.customer_id)
