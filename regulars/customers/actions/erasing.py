"""Erase a person: asked for once, carried out and verified in the background, with a certificate at the end."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core.background import background, every, progress
from regulars.core.backup import keys
from regulars.core.backup.sockets import Restored
from regulars.core.errors import Invalid, Refusal
from regulars.customers import people
from regulars.customers.actions.letting_go import Gone, after_letting_go, forget_searches, let_go
from regulars.customers.models import Customer, Erasure, PrivacyRequest, Tombstone
from regulars.customers.privacy import certifying, leftovers
from regulars.customers.privacy.facts import ErasureVerified, PersonErased, PrivacyAnswered
from regulars.customers.privacy.identifying import Needle, Spelled, needles_of, spelled
from regulars.customers.privacy.previewing import preview
from regulars.customers.privacy.searching import Searched, search, text_finder
from regulars.customers.privacy.sweeping import sweep
from regulars.customers.standings import id_list
from regulars.staff.models import User
from regulars.staff.policy import verb, writing
from regulars.timeline.actions import record, who_acts

logger = logging.getLogger(__name__)

_ROUNDS = 100  # a search names a thousand rows of each column, and these are cleaned


class NotErasable(Refusal):
    """Something forbids that this person is erased now: a legal hold, a restriction, an erasure that is under way."""

    slug = "not-erasable"


@verb
def begin_erasure(
    customer: Customer, *, cause: str = Erasure.Cause.STAFF, request: PrivacyRequest | None = None
) -> Erasure:
    """Have a person erased. It is carried out in the background, and cannot be taken back. Raises NotErasable."""
    erasure = _case(customer, cause=cause, request=request)
    erase.later(erasure_id=erasure.pk)
    return erasure


def erase_now(customer: Customer, *, cause: str = Erasure.Cause.STAFF) -> Erasure:
    """Erase a person and verify it while somebody waits (the command line). Raises NotErasable."""
    erasure = _case(customer, cause=cause, request=None)
    erase(erasure_id=erasure.pk)
    erasure.refresh_from_db()
    if erasure.state == Erasure.State.FAILED:
        raise NotErasable(erasure.problem)
    return erasure


@verb
def _case(customer: Customer, *, cause: str, request: PrivacyRequest | None) -> Erasure:
    current = _person(customer)
    _require_erasable(current)
    return Erasure.objects.create(
        cause=cause,
        customer_id=current.pk,
        request=request,
        made_by=User.objects.filter(pk=who_acts().user_id or 0).first(),
        people=1,
        preview=preview(current).plain(),
    )


@background(retries=3, label=gettext_lazy("Erase a person and verify it"))
def erase(*, erasure_id: int) -> None:
    """Carry out a case: erase, clean the copies that no room owns, search everywhere, sign the certificate.

    By which texts the person would be recognised is known in memory alone. Killed after the erasing, it goes on
    without them, and the certificate says that nothing was searched.
    """
    erasure = Erasure.objects.get(pk=erasure_id)
    wanted: Spelled | None = None
    records: tuple[int, ...] = ()
    if erasure.state == Erasure.State.WAITING:
        customer = Customer.everyone.filter(pk=erasure.customer_id or 0).first()
        if customer is None:
            _fail(erasure, _("The customer was deleted before the erasure began."))
            return
        with writing():
            wanted = spelled(_needles(customer, erasure.request))
        try:
            records = carry_out(erasure, customer).records
        except NotErasable as refusal:
            _fail(erasure, refusal.sentence)
            return
        erasure.refresh_from_db()
    if erasure.state == Erasure.State.ERASED:
        if wanted is None:  # killed between the erasing and what follows it
            records = tuple(erasure.tombstones.values_list("customer_id", flat=True))
            after_letting_go([Gone(records, ())])
        verify(erasure, wanted, records)


@verb
def carry_out(erasure: Erasure, customer: Customer) -> Gone:
    """Erase the person of a case. Raises NotErasable where something came in between that forbids it."""
    current = _person(customer)
    _require_erasable(current, besides=erasure)
    # what stands in the preview is what was true at the moment of erasing
    erasure.preview = preview(current).plain()
    request = erasure.request
    gone = let_go(current, erasure=erasure)
    now = timezone.now()
    erasure.state, erasure.customer_id, erasure.erased_at = Erasure.State.ERASED, None, now
    erasure.updated_at = now
    erasure.save()
    if request is not None and request.state == PrivacyRequest.State.OPEN:
        PrivacyRequest.objects.filter(pk=request.pk).update(
            state=PrivacyRequest.State.DONE, answered_at=now, answered_by=erasure.made_by, updated_at=now
        )
        record(
            PrivacyAnswered(
                request=request.public_id,
                right=request.kind,
                state=PrivacyRequest.State.DONE,
                is_late=request.due_on < now.date(),
            ),
            subject=request,
        )
    record(
        PersonErased(case=erasure.public_id, cause=erasure.cause, people=erasure.people, records=len(gone.records)),
        subject=erasure,
    )
    return gone


def verify(erasure: Erasure, wanted: Spelled | None, records: tuple[int, ...]) -> Erasure:
    """Clean what is left in places that no room owns, search everything, and sign what was found."""
    searched: Searched | None = None
    cleaned: dict[str, int] = {}
    if wanted is not None:
        forget_searches(records, text_finder(wanted))
        searched = search(wanted, gone=records, progress=progress)
        for _round in range(_ROUNDS):
            with transaction.atomic(), writing():
                swept = sweep(searched.hits, wanted)
            if not swept:
                break
            cleaned = {name: cleaned.get(name, 0) + swept.get(name, 0) for name in {**cleaned, **swept}}
            before = [hit.keys for hit in searched.hits]
            searched = _searched_again(searched, wanted, records)
            if [hit.keys for hit in searched.hits] == before:
                break  # what is still to be done keeps what it needs
    freed = leftovers.clear()
    return _certify(erasure, searched, cleaned, freed)


def reapply_tombstones(erased: frozenset[int]) -> int:
    """Erase again whoever came back with a backup; how many records. Their keys are gone already, or go now.

    By which texts they would be recognised stands in the backup itself, so what no room owns is cleaned there as well.
    """
    erasure, went, needles = _let_go_again(erased)
    if erasure is not None:
        after_letting_go(went)
        verify(erasure, spelled(needles), tuple(number for one in went for number in one.records))
    return sum(len(one.records) for one in went)


@verb
def _let_go_again(erased: frozenset[int]) -> tuple[Erasure | None, list[Gone], list[Needle]]:
    known = Customer.everyone.filter(pk__in=id_list(sorted(erased))).order_by("pk")
    back = [one for one in known if one.merged_into_id is None or one.merged_into_id not in erased]
    erasure: Erasure | None = None
    went: list[Gone] = []
    needles: list[Needle] = []
    if back:
        erasure = Erasure.objects.create(
            cause=Erasure.Cause.RESTORE, state=Erasure.State.ERASED, people=len(back), erased_at=timezone.now()
        )
    for one in back:
        # records that were merged into an erased one by the backup's moment, and were not erased, stay by themselves
        rest = Customer.everyone.filter(merged_into=one).exclude(pk__in=id_list(sorted(erased)))
        rest.update(merged_into=None, is_listed=True)
        needles += needles_of(one)
        went.append(let_go(one, erasure=erasure, is_one_of_many=True))
    missing = erased - set(Tombstone.objects.values_list("customer_id", flat=True))
    Tombstone.objects.bulk_create(
        [Tombstone(customer_id=number, erased_at=timezone.now()) for number in sorted(missing)], ignore_conflicts=True
    )
    _skip_numbers(max(erased, default=0))
    return erasure, went, needles


def obey_tombstones(restored: Restored) -> None:
    """A database was restored from a backup: whoever was erased since then goes again, before anybody opens it."""
    count = reapply_tombstones(restored.erased)
    if count:
        leftovers.clear(is_forced=True)
        logger.info("%s records of erased people were erased again from the backup %s", count, restored.backup)


def erased_ids() -> list[int]:
    """Everybody who was erased, by the ids of their records."""
    return list(Tombstone.objects.values_list("customer_id", flat=True))


@every("04:20", label=gettext_lazy("Leave no freed space in which erased rows could be read"))
def clear_leftovers() -> list[str]:
    """Write the database file anew in nights after an erasure."""
    yesterday = timezone.now() - dt.timedelta(days=1)
    if not Erasure.objects.filter(erased_at__gt=yesterday).exists():
        return []
    return leftovers.clear(is_forced=True)


def _searched_again(first: Searched, wanted: Spelled, records: tuple[int, ...]) -> Searched:
    """What was cleaned is looked at once more; the sums are those of the first search, which read everything."""
    tables = {hit.table for hit in first.hits if hit.table}
    files = [hit.path for hit in first.hits if hit.path is not None and hit.path.is_file()]
    second = search(wanted, gone=records, tables=tables, files=files)
    first.hits = second.hits
    first.unread = [*first.unread, *second.unread]
    return first


@transaction.atomic
def _certify(erasure: Erasure, searched: Searched | None, cleaned: dict[str, int], freed: list[str]) -> Erasure:
    found = sum(hit.rows for hit in searched.hits if not hit.is_others) if searched else 0
    erasure.verified_at = erasure.updated_at = timezone.now()
    erasure.state = Erasure.State.FOUND if found else Erasure.State.DONE
    if searched is None and erasure.cause in {Erasure.Cause.REQUEST, Erasure.Cause.STAFF}:
        erasure.problem = _("The search was interrupted. Search by hand: regulars privacy verify --search TEXT")
    erasure.certificate = certifying.certificate_of(
        erasure, searched=searched, cleaned=cleaned, not_told=[copy.place for copy in keys.missing()], others=freed
    )
    erasure.digest, erasure.signature = certifying.sealed(erasure.certificate)
    erasure.save()
    record(ErasureVerified(case=erasure.public_id, found=found, digest=erasure.digest), subject=erasure)
    return erasure


def _person(customer: Customer) -> Customer:
    """The whole person a record is, locked."""
    root = people.root_of(customer.pk)
    return Customer.everyone.select_for_update(of=("self",)).get(pk=root)


def _require_erasable(customer: Customer, *, besides: Erasure | None = None) -> None:
    forbids = preview(customer).forbids
    if forbids:
        raise NotErasable(forbids[0])
    going = Erasure.objects.filter(customer_id=customer.pk, state=Erasure.State.WAITING)
    if besides is not None:
        going = going.exclude(pk=besides.pk)
    if going.exists():
        raise NotErasable(_("This person is being erased already."))


def _needles(customer: Customer, request: PrivacyRequest | None) -> tuple[Needle, ...]:
    asked_by = request.asked_by.strip() if request else ""
    more = (Needle("name", asked_by),) if len(asked_by.split()) > 1 else ()
    return (*needles_of(customer), *more)


def _skip_numbers(highest: int) -> None:
    """Nobody new gets the number of somebody who was erased: their key is destroyed."""
    table = Customer._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), greatest(%s, "  # noqa: S608 — a table of ours
                f"coalesce((SELECT max(id) FROM {table}), 1)))",
                [table, max(highest, 1)],
            )
        else:
            cursor.execute(
                "UPDATE sqlite_sequence SET seq = %s WHERE name = %s AND seq < %s", [highest, table, highest]
            )
            if not cursor.rowcount:
                cursor.execute(
                    "INSERT INTO sqlite_sequence (name, seq) SELECT %s, %s "
                    "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = %s)",
                    [table, highest, table],
                )


def _fail(erasure: Erasure, problem: str) -> None:
    Erasure.objects.filter(pk=erasure.pk).update(
        state=Erasure.State.FAILED, problem=problem, customer_id=None, updated_at=timezone.now()
    )


def find_erasure(public_id: str) -> Erasure:
    """The case of that number. Raises Invalid."""
    found = Erasure.objects.filter(pk=Erasure.pk_of(public_id) or 0).first()
    if found is None:
        raise Invalid(_("There is no erasure “%(id)s”.") % {"id": public_id[:40]}, fields={})
    return found
