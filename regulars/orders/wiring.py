"""Everything orders plug into the house."""

from django.utils.translation import gettext_lazy as _

from regulars.channels import books, intake
from regulars.channels.records import CheckoutRecord, CustomerRecord, OrderRecord, ProductRecord, ReturnRecord
from regulars.core import commands, menu
from regulars.customers import belongings, search
from regulars.customers.facts import CustomerMerged, CustomerUnmerged
from regulars.customers.privacy import keeping as kept_by_law
from regulars.orders import (
    holders,
    keeping,
    panels,
    product_facts,
    vocabulary,
    walls,  # noqa: F401 — says what is kept from whom
)
from regulars.orders.actions import audit, dropping, figures, links, numbers, sales
from regulars.orders.commands import import_command, verify_command
from regulars.orders.facts import OrderPaid, OrdersImported
from regulars.orders.product_commands import import_products_command
from regulars.orders.queries import customers_of_number, sold
from regulars.orders.queries.reaching import buyers_of
from regulars.orders.taking.checkouts import remove_checkouts, take_checkouts
from regulars.orders.taking.orders import remove_orders, take_orders
from regulars.orders.taking.products import remove_products, take_products
from regulars.orders.taking.returns import remove_returns, take_returns
from regulars.segments.lake import tables
from regulars.timeline.actions import on

menu.add(
    menu.Place(
        name="orders",
        label=_("Orders"),
        icon="receipt",
        url_name="orders:list",
        key="o",
        permission="orders.view",
        order=30,
    )
)
menu.add(
    menu.Command(
        name="new-order",
        label=_("New order"),
        icon="plus",
        url_name="orders:new",
        permission="orders.edit",
        key="o",
        order=25,
    )
)
panels.plug_in()

# ── what groups can ask of purchases
vocabulary.plug_in()

# ── the search of customers
search.add_finder("orders", customers_of_number)

# ── what belongs to a customer
for _holder in holders.ALL:
    belongings.add(_holder)

# ── what the books keep of somebody who is erased
kept_by_law.add(keeping.KEEPER)

# ── two records are one person: what they bought is summed up together, and apart again
for _fact in (CustomerMerged, CustomerUnmerged):
    on(_fact, at_once=True)(figures.follow_merge)

# ── a file of orders names SKUs: which products those are
on(OrdersImported, at_once=True)(sales.follow_import)

# ── what was sold, for comparing with shop platforms
books.are_kept(days=sold.days, orders=sold.orders)

# ── what sales channels say
intake.applies(ProductRecord, take=take_products, remove=remove_products)
intake.applies(OrderRecord, take=take_orders, remove=remove_orders, after=(CustomerRecord, ProductRecord))
intake.applies(ReturnRecord, take=take_returns, remove=remove_returns, after=(OrderRecord,))
intake.applies(CheckoutRecord, take=take_checkouts, remove=remove_checkouts, after=(CustomerRecord, OrderRecord))

# ── what groups ask: orders, lines, returns, products
tables.come_from("regulars.orders.lake")
for _announced in (product_facts.ProductChanged, product_facts.ProductsImported):
    tables.reaches(_announced.name, buyers_of)

# ── an order is paid: the page where it could be paid says so
on(OrderPaid, at_once=True)(links.end_paid)

# ── by the clock: the modules plug in what they declare
CLOCKWORK = (
    audit.verify_all,
    dropping.take_in_files,
    numbers.index_noted_numbers,
    keeping.drop_kept_sales,
    sales.reckon_sales,
)

# ── the command line
commands.add("import", "orders", import_command)
commands.add("import", "products", import_products_command)
commands.add("", "verify", verify_command)
