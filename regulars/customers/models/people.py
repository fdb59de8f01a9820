"""Who they are: customers, the households they live in, and the categories the shop sorts them into."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core import shop
from regulars.core.fields import OfPerson, SealedText
from regulars.core.models import Row
from regulars.core.money import Money
from regulars.core.walls import Guarded, SeenKey
from regulars.customers.birthdays import as_written as read_birth
from regulars.customers.sealed import blind_of


class Kind(models.TextChoices):
    PERSON = "person", _("Person")
    COMPANY = "company", _("Company")


class Status(models.TextChoices):
    ACTIVE = "active", _("Active")
    INACTIVE = "inactive", _("Inactive")


class Gender(models.TextChoices):
    FEMALE = "female", _("Female")
    MALE = "male", _("Male")
    OTHER = "other", _("Other")


class Frequency(models.TextChoices):
    """How often somebody says they shop, which is not how often they do."""

    WEEKLY = "weekly", _("Every week")
    MONTHLY = "monthly", _("Every month")
    QUARTERLY = "quarterly", _("A few times a year")
    YEARLY = "yearly", _("Once a year")
    RARELY = "rarely", _("Rarely")


class PurchaseFigures(models.Model):
    """What somebody bought, summed up on their own row (see docs/definitions.md).

    The columns stand with the customer, because every list sorts and filters by them, and a list of a million people
    cannot afford a join to do it. They are written by `orders.actions.figures` alone, in the order's transaction.
    All money is in the smallest unit of the shop's base currency.
    """

    orders_count = models.PositiveIntegerField(default=0, editable=False)
    spent_minor = models.BigIntegerField(default=0, editable=False)
    refunded_minor = models.BigIntegerField(default=0, editable=False)
    first_order_at = models.DateTimeField(null=True, editable=False)
    last_order_at = models.DateTimeField(null=True, editable=False)
    usual_gap_days = models.FloatField(null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def spent(self) -> Money:
        """Paid for counted orders, less what was refunded."""
        return Money(self.spent_minor, shop.current().currency)

    @property
    def refunded(self) -> Money:
        return Money(self.refunded_minor, shop.current().currency)

    @property
    def average_order(self) -> Money | None:
        """Spent per counted order; None for someone who never ordered."""
        if not self.orders_count:
            return None
        half = self.orders_count // 2
        sign = -1 if self.spent_minor < 0 else 1
        return Money(sign * ((abs(self.spent_minor) + half) // self.orders_count), shop.current().currency)


class Household(Row):
    """People who live together and are not one person: written to once, thanked each."""

    id_prefix = "hhd"

    name = models.CharField(_("name"), max_length=200, blank=True, default="")

    def __str__(self) -> str:
        return self.name or self.public_id


class Category(Row):
    """What sort of customer the shop says somebody is: VIP, Regular, Business, New, or what it adds to the list.

    `rule` are filters of the customer list (`number_of_orders.min=5`); who fits is put there every night, but nobody
    whom a person put somewhere by hand. Of several rules that fit, the category that stands first wins.
    """

    id_prefix = "cat"

    key = models.SlugField(_("key"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(default=0)
    rule = models.CharField(_("rule"), max_length=1000, blank=True, default="")

    class Meta:
        verbose_name_plural = "categories"
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class Listed(Guarded["Customer"]):
    """Customers as everybody sees them: without those deleted, and those who turned out to be somebody else."""

    def get_queryset(self) -> models.QuerySet[Customer]:
        return super().get_queryset().filter(is_listed=True)


class Customer(OfPerson, PurchaseFigures, Row):
    """A person or a company that buys here, or might.

    `name` is what is shown; `sort_name` and `search_text` are its folded forms, made by `customers.actions` from the
    other columns. `city`, `region`, `postcode` and `country` repeat the default shipping address, so that lists need
    no join. `email` and `phone` are the first of perhaps several (see ContactPoint).

    `objects` are the customers that are listed; `everyone` has also those that are deleted but can still come back
    (`deleted_at`), and the records that a merge put under another one (`merged_into`, always the one that is listed).
    """

    id_prefix = "cus"

    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.PERSON)
    title = models.CharField(_("title"), max_length=40, blank=True, default="")
    given_name = models.CharField(_("given name"), max_length=120, blank=True, default="")
    family_name = models.CharField(_("family name"), max_length=120, blank=True, default="")
    name = models.CharField(_("name"), max_length=250, blank=True, default="")
    company = models.CharField(_("company"), max_length=200, blank=True, default="")
    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=24, blank=True, default="")
    language = models.CharField(_("language"), max_length=16, blank=True, default="")
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.ACTIVE)
    is_guest = models.BooleanField(_("guest"), default=False)
    channel = models.ForeignKey(
        "channels.Channel", verbose_name=_("channel"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    looked_after_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("looked after by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    customer_since = models.DateTimeField(_("customer since"))

    # What an import of a million rows seldom has stands in the database's own defaults.
    # "1980-03-12", "--03-12" or "1980", and the blind numbers that find it: the day, its year, its day of the year
    birth = SealedText(
        _("date of birth"), person="pk", blinds=partial(blind_of, "birth"), blank=True, default="", db_default=""
    )
    birth_blind = models.BigIntegerField(null=True, blank=True, db_default=None, editable=False)
    birth_year_blind = models.BigIntegerField(null=True, blank=True, db_default=None, editable=False)
    birthday_blind = models.BigIntegerField(null=True, blank=True, db_default=None, editable=False)
    gender = models.CharField(_("gender"), max_length=8, choices=Gender, blank=True, default="", db_default="")
    occupation = models.CharField(_("occupation"), max_length=120, blank=True, default="", db_default="")
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, default="", db_default="")
    category = models.ForeignKey(
        Category,
        verbose_name=_("category"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    has_category_by_hand = models.BooleanField(default=False, db_default=False, editable=False)
    payment_preference = SealedText(
        _("pays by preference"),
        person="pk",
        blinds=partial(blind_of, "payment_preference"),
        max_length=40,
        blank=True,
        default="",
        db_default="",
    )
    payment_preference_blind = models.BigIntegerField(null=True, blank=True, db_default=None, editable=False)

    vat_number = SealedText(
        _("VAT number"),
        person="pk",
        blinds=partial(blind_of, "vat_number"),
        max_length=20,
        blank=True,
        default="",
        db_default="",
    )
    vat_number_blind = models.BigIntegerField(null=True, blank=True, db_default=None, editable=False)
    payment_days = models.PositiveSmallIntegerField(_("days to pay"), null=True, blank=True)
    organisation = SeenKey(
        "self",
        verbose_name=_("works at"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="people",
        db_index=False,
    )
    position = models.CharField(_("position"), max_length=120, blank=True, default="", db_default="")
    household = models.ForeignKey(
        Household,
        verbose_name=_("household"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="members",
        db_index=False,
    )

    # Restrictions: shown in red wherever they matter.
    is_blocked = models.BooleanField(_("blocked"), default=False, db_default=False)
    pays_in_advance = models.BooleanField(_("pays in advance"), default=False, db_default=False)
    has_no_credit = models.BooleanField(_("no credit"), default=False, db_default=False)
    restriction_reason = SealedText(
        _("why restricted"), person="pk", max_length=250, blank=True, default="", db_default=""
    )

    # Preferences, as the customer told us. Lists are words with commas: "email,post".
    preferred_channels = models.CharField(_("preferred channels"), max_length=80, blank=True, default="", db_default="")
    contact_times = models.CharField(_("contact times"), max_length=120, blank=True, default="", db_default="")
    interests = models.CharField(_("interested in"), max_length=500, blank=True, default="", db_default="")
    shopping_frequency = models.CharField(
        _("shops"), max_length=10, choices=Frequency, blank=True, default="", db_default=""
    )

    deleted_at = models.DateTimeField(null=True, editable=False)
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="records", db_index=False, editable=False
    )
    is_listed = models.BooleanField(default=True, db_default=True, editable=False)

    city = models.CharField(_("city"), max_length=120, blank=True, default="", editable=False)
    region = models.CharField(_("region"), max_length=120, blank=True, default="", editable=False)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True, default="", editable=False)
    country = models.CharField(_("country"), max_length=2, blank=True, default="", editable=False)

    sort_name = models.CharField(max_length=120, blank=True, default="", editable=False)
    search_text = models.TextField(blank=True, default="", editable=False)

    objects: ClassVar[Listed] = Listed()
    everyone: ClassVar[models.Manager[Customer]] = Guarded()

    class Meta:
        base_manager_name = "everyone"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="customer_listed_or_gone",
                condition=models.Q(is_listed=True, deleted_at__isnull=True, merged_into__isnull=True)
                | models.Q(is_listed=False, deleted_at__isnull=False)
                | models.Q(is_listed=False, merged_into__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            # orders of the customer list, with the key that pages them; the other orders go by the standings alone,
            # because an index of a figure is written with every order, and each of them by every import
            models.Index(fields=["sort_name", "id"], name="customer_by_name"),
            models.Index(fields=["customer_since", "id"], name="customer_by_since"),
            # who spent most
            models.Index(fields=["spent_minor", "id"], name="customer_by_spent", condition=models.Q(spent_minor__gt=0)),
            # upsert by e-mail; the e-mail filter
            models.Index(fields=["email"], name="customer_by_email"),
            # who is in a category, works at a company, lives in a household, was merged: few rows of many
            models.Index(fields=["category"], name="customer_by_category", condition=models.Q(category__isnull=False)),
            models.Index(
                fields=["organisation"], name="customer_by_organisation", condition=models.Q(organisation__isnull=False)
            ),
            models.Index(
                fields=["household"], name="customer_by_household", condition=models.Q(household__isnull=False)
            ),
            models.Index(fields=["merged_into"], name="customer_merged", condition=models.Q(merged_into__isnull=False)),
            # who somebody looks after, and by the blind numbers when they were born, in which year, on which day of
            # any year, whose VAT number it is, who pays how: few rows of many
            models.Index(
                fields=["looked_after_by"],
                name="customer_by_owner",
                condition=models.Q(looked_after_by__isnull=False),
            ),
            *(
                models.Index(fields=[column], name=name, condition=models.Q(**{f"{column}__isnull": False}))
                for column, name in (
                    ("birth_blind", "customer_by_birth"),
                    ("birth_year_blind", "customer_by_birth_year"),
                    ("birthday_blind", "customer_by_birthday"),
                    ("vat_number_blind", "customer_by_vat_number"),
                    ("payment_preference_blind", "customer_by_payment"),
                )
            ),
            # who goes for good tonight
            models.Index(fields=["deleted_at"], name="customer_deleted", condition=models.Q(deleted_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name or self.company or self.email or self.phone or self.public_id

    @property
    def is_company(self) -> bool:
        return self.kind == Kind.COMPANY

    @property
    def person(self) -> Customer:
        """The customer as everybody sees them: this one, or the listed one this record was merged into."""
        return self.merged_into or self

    @property
    def birth_year(self) -> int | None:
        """The year of birth, where it is known."""
        return read_birth(self.birth).year

    @property
    def birthday(self) -> str:
        """The day of the year as “03-12”; empty where it is not known."""
        return read_birth(self.birth).day

    @property
    def born_ordinal(self) -> int | None:
        """The whole date of birth as a number; nothing where only a part of it is known."""
        on = read_birth(self.birth).on
        return on.toordinal() if on else None

    @property
    def is_restricted(self) -> bool:
        return self.is_blocked or self.pays_in_advance or self.has_no_credit
