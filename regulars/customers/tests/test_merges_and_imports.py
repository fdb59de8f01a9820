"""A file that names a record of a merge means that very record."""

import pytest

from regulars.core import importing
from regulars.customers.actions.importing import import_customers
from regulars.customers.actions.merging import merge, unmerge
from regulars.customers.models import Customer
from regulars.customers.tests.test_merging import fresh, j_wieck, jonas, web
from regulars.orders.actions.importing import import_orders
from regulars.orders.models import Order
from regulars.orders.queries.verification import differences

__all__ = ["j_wieck", "jonas", "web"]


@pytest.fixture
def bring_in(tmp_path):
    def bring(*lines, verb=import_customers, kind="customers"):
        path = tmp_path / f"{kind}.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        more = {"is_parallel": False} if verb is import_customers else {}
        with importing.importing(kind, path, is_dry_run=False) as run:
            verb(path, run=run, mapping={}, channel_code="web", **more)
        done = run.summary
        return done.created, done.updated, done.unchanged, done.rejected

    return bring


def test_a_merged_records_e_mail_and_id_mean_that_record(bring_in, jonas, j_wieck):
    (link,) = merge(keep=jonas, others=[j_wieck])
    assert bring_in("email,company", "jw@shop.example,Kontor") == (0, 1, 0, 0)
    assert bring_in("external_id,phone", "2,+44 117 496 0999") == (0, 1, 0, 0)
    assert (fresh(j_wieck).company, fresh(j_wieck).phone) == ("Kontor", "+441174960999")
    # the person shows what this record says, where the listed one says nothing
    assert (fresh(jonas).company, fresh(jonas).phone) == ("Kontor", "+441174960999")
    unmerge(link)
    assert (fresh(jonas).company, fresh(jonas).phone) == ("", "")


def test_the_listed_records_e_mail_means_it_whatever_its_row_shows(bring_in, jonas, j_wieck):
    (link,) = merge(keep=jonas, others=[j_wieck], choices={"email": j_wieck.pk, "name": j_wieck.pk})
    assert bring_in("email,language", "jonas@shop.example,de") == (0, 1, 0, 0)
    assert bring_in("email,company", "jw@shop.example,Kontor") == (0, 1, 0, 0)
    assert (fresh(jonas).language, fresh(jonas).email, fresh(jonas).name) == ("de", "jw@shop.example", "J. Wieck")
    unmerge(link)
    assert (fresh(jonas).language, fresh(jonas).email, fresh(jonas).company) == ("de", "jonas@shop.example", "")
    assert (fresh(j_wieck).language, fresh(j_wieck).company) == ("", "Kontor")


def test_rows_of_both_records_in_one_file_go_to_each(bring_in, jonas, j_wieck):
    (link,) = merge(keep=jonas, others=[j_wieck])
    done = bring_in(
        "external_id,email,phone,city,postcode,country",
        "1,jonas@shop.example,+44 117 496 0111,Bath,BA1 1AA,GB",
        "2,jw@shop.example,+44 117 496 0222,Bristol,BS1 5TY,GB",
    )
    assert done == (0, 2, 0, 0)
    assert Customer.everyone.count() == 2
    assert (fresh(jonas).phone, fresh(jonas).city) == ("+441174960111", "Bath")
    unmerge(link)
    assert (fresh(jonas).phone, fresh(j_wieck).phone) == ("+441174960111", "+441174960222")


def test_orders_of_a_file_go_to_the_record_and_count_for_the_person(bring_in, jonas, j_wieck):
    (link,) = merge(keep=jonas, others=[j_wieck])
    bring_in(
        "order number,date,email,sku,quantity,price",
        "HH-1,2026-02-01 10:00,jw@shop.example,MUG,1,20.00",
        "HH-2,2026-02-02 10:00,jonas@shop.example,MUG,1,30.00",
        verb=import_orders,
        kind="orders",
    )
    assert dict(Order.objects.values_list("number", "customer")) == {"HH-1": j_wieck.pk, "HH-2": jonas.pk}
    assert (fresh(jonas).orders_count, fresh(jonas).spent_minor) == (2, 5000)
    assert list(differences()) == []
    unmerge(link)
    assert (fresh(jonas).spent_minor, fresh(j_wieck).spent_minor) == (3000, 2000)
