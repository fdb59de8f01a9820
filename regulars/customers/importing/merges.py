"""Rows of a file that mean a record of a merge: they change what that record says, and whoever shows it follows.

A file knows a record by the id or the e-mail that came with it. So what it says goes to that very record, and is shown
only where the links show that record's value; after an unmerge it is where it belongs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import F
from django.utils import timezone

from regulars.customers import presenting
from regulars.customers.models import Customer, OwnProfile
from regulars.customers.people import roots_of
from regulars.customers.standings import id_list

IS_LAID_ASIDE = "is_laid_aside"
"""Marks a stored profile whose row shows something else."""


def by_themselves(profiles: Mapping[int, dict[str, Any]]) -> None:
    """Let stored profiles, by customer, say what their records say by themselves."""
    said = dict(OwnProfile.objects.filter(pk__in=id_list(profiles)).values_list("pk", "values"))
    for pk, own in zip(said, presenting.alive(said.values()), strict=True):
        profile = profiles[pk]
        profile |= {column: own[column] for column in profile if column in own} | {IS_LAID_ASIDE: True}


def write(changed: Mapping[int, tuple[Mapping[str, Any], int]]) -> None:
    """Change what listed customers of several records say by themselves; by how many versions comes with it."""
    for customer in Customer.everyone.filter(pk__in=id_list(changed)).select_related("own_profile"):
        columns, versions = changed[customer.pk]
        presenting.write_own(customer, columns, is_last_word=False)
        Customer.everyone.filter(pk=customer.pk).update(version=F("version") + versions, updated_at=timezone.now())


def follow(changed: Collection[int]) -> None:
    """Show anew whoever shows records that were changed."""
    roots = {root for pk, root in roots_of(changed).items() if root != pk}
    if roots:
        presenting.present(roots)


def of_their_own(found: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Without rows that show an e-mail which is another record's, and with the e-mails that no row shows."""
    listed = list(found)
    own = dict(OwnProfile.objects.filter(pk__in=id_list(pk for pk, _email in listed)).values_list("pk", "email"))
    return [(pk, email) for pk, email in listed if own.get(pk, email) == email]


def with_emails(emails: Collection[str]) -> list[tuple[int, str]]:
    """The listed customers whose own e-mail is one of these, although their row may show another one."""
    rows = OwnProfile.objects.filter(email__in=list(emails), customer__is_listed=True)
    return list(rows.values_list("pk", "email"))
