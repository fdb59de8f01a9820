"""Everything customers plug into the house."""

from http import HTTPStatus

from django.core.signals import request_started
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from regulars.channels import intake
from regulars.channels.models import Channel
from regulars.channels.records import CustomerRecord
from regulars.core import commands, menu, resealing
from regulars.core.api import idempotency, problems
from regulars.customers import (
    about,
    attachments,
    belongings,
    catalogue,
    customfields,
    facts,
    fields,
    handing_over,
    holders,
    imaged,
    moments,
    notes,
    panels,
    revealed,
    sealed,
    sections,
    tabs,
    walls,  # noqa: F401 — says what is kept from whom
)
from regulars.customers.bulk import action, kinds, reading
from regulars.customers.bulk import commands as bulk_commands
from regulars.customers.commands import (
    apply_command,
    export_command,
    import_command,
    list_command,
    reindex_command,
    undo_command,
)
from regulars.customers.duplicates.commands import find_command as find_duplicates_command
from regulars.customers.forms import custom
from regulars.customers.importing import files
from regulars.customers.merge_commands import merge_command, unmerge_command
from regulars.customers.privacy import plugging as privacy
from regulars.customers.taking.people import remove_customers, take_customers
from regulars.staff import duties, reach
from regulars.timeline.facts import SEALED

# ── what is sealed
for keys in (sealed.KEYS, sealed.KEYS_OF_PLANS):
    keys.is_sealed = customfields.is_sensitive
SEALED.add(sealed.KEYS)
resealing.add(resealing.Place("attachments", seal=attachments.seal_plain, renew=attachments.renew))
resealing.add(resealing.Place("images", seal=imaged.seal_plain, renew=imaged.renew))
resealing.add(resealing.Place("imports", seal=files.seal_plain, renew=files.renew))

# ── the frame
menu.add(
    menu.Place(
        name="customers",
        label=_("Customers"),
        icon="users-round",
        url_name="customers:list",
        key="c",
        group=menu.PEOPLE,
        permission="customers.view",
        order=20,
        on_dock=True,
    )
)
menu.add(
    menu.Place(
        name="duplicates",
        label=_("Duplicates"),
        icon="copy",
        url_name="customers:duplicates",
        key="d",
        group=menu.PEOPLE,
        permission="customers.merge",
        order=24,
    )
)
menu.add(
    menu.Command(
        name="new-customer",
        label=_("New customer"),
        icon="user-round-plus",
        url_name="customers:new",
        permission="customers.edit",
        key="c",
    )
)

menu.add_setting(
    menu.Place(
        name="tags", label=_("Tags"), icon="tag", url_name="customers:tags", permission="customers.setup", order=32
    )
)
menu.add_setting(
    menu.Place(
        name="fields",
        label=_("Fields"),
        icon="list-plus",
        url_name="customers:fields",
        permission="customers.setup",
        order=34,
    )
)
sections.add(sections.Section(name="custom_fields", make=custom.section, order=50))

# ── the customer page
_SEE = "customers.view"
for _panel in (
    panels.Panel(
        name="timeline",
        place=panels.Place.TAB,
        template="customers/_timeline.html",
        context=tabs.timeline,
        permission=_SEE,
        order=10,
        slug="timeline",
        label=_("Timeline"),
    ),
    panels.Panel(
        name="profile",
        place=panels.Place.TAB,
        template="customers/_profile.html",
        context=about.profile,
        permission=_SEE,
        order=80,
        slug="profile",
        label=_("Profile"),
    ),
    panels.Panel(
        name="changes",
        place=panels.Place.TAB,
        template="customers/_changes.html",
        context=tabs.changes,
        permission=_SEE,
        order=90,
        slug="changes",
        label=_("Changes"),
    ),
    panels.Panel(
        name="looks",
        place=panels.Place.TAB,
        template="customers/_looks.html",
        context=tabs.looks,
        permission="audit.view",
        order=95,
        slug="looks",
        label=_("Who looked"),
    ),
    panels.Panel(
        name="addresses",
        place=panels.Place.RAIL,
        template="customers/_rail_addresses.html",
        context=about.addresses,
        permission=_SEE,
        order=30,
    ),
    panels.Panel(
        name="consent",
        place=panels.Place.RAIL,
        template="customers/_rail_consent.html",
        context=tabs.consent,
        permission=_SEE,
        order=20,
    ),
    panels.Panel(
        name="identities",
        place=panels.Place.RAIL,
        template="customers/_rail_identities.html",
        context=about.identities,
        permission=_SEE,
        order=60,
    ),
    panels.Panel(
        name="merges",
        place=panels.Place.RAIL,
        template="customers/_rail_merges.html",
        context=tabs.merges,
        permission=_SEE,
        order=5,
    ),
    panels.Panel(
        name="more",
        place=panels.Place.RAIL,
        template="customers/_rail_more.html",
        context=about.more,
        permission=_SEE,
        order=50,
    ),
):
    panels.add(_panel)
panels.add(
    panels.Panel(
        name="masked",
        place=panels.Place.RAIL,
        template="customers/_rail_masked.html",
        context=revealed.panel,
        permission="customers.reveal",
        order=4,
    )
)
problems.describe(
    "not-deleted",
    status=HTTPStatus.CONFLICT,
    title=_("The customer is not deleted"),
    text=_("Only who was deleted within the last 30 days can be brought back."),
)
problems.describe(
    "too-many-shown",
    status=HTTPStatus.TOO_MANY_REQUESTS,
    title=_("Too many masked values were shown"),
    text=_("A person can have sixty masked values shown in an hour. Later it goes on."),
)
panels.add(
    panels.Panel(
        name="notes",
        place=panels.Place.RAIL,
        template="customers/_rail_notes.html",
        context=notes.rail,
        permission=_SEE,
        order=10,
    )
)
moments.add(
    moments.Source(name="notes", permission=_SEE, read=notes.note_moments, replaces=frozenset({facts.NoteWritten.name}))
)
moments.add(moments.Source(name="entries", permission=_SEE, read=tabs.entry_moments))

menu.add_setting(
    menu.Place(
        name="categories",
        label=_("Categories"),
        icon="list-ordered",
        url_name="customers:categories",
        permission="shop.edit",
        order=24,
    )
)
menu.add_setting(
    menu.Place(
        name="consent",
        label=_("Consent"),
        icon="shield-check",
        url_name="customers:wordings",
        permission="shop.edit",
        order=28,
    )
)

# ── what goes when a customer goes
belongings.add(
    belongings.Holder(
        name="api_calls",
        models=("core.IdempotentCall",),
        # copies of what the other holders export, kept for seven days
        export=lambda _customer: (),
        forget=lambda customer: idempotency.forget(customer.public_id),
    )
)

# ── the log of bulk work leads to imports where they have their own page
reading.add(
    reading.Elsewhere(
        action="import",
        label=_("Import"),
        icon="upload",
        url=lambda change_set: reverse("customers:import-plan", args=[change_set.public_id]),
    )
)
menu.add(
    menu.Command(
        name="import-customers",
        label=_("Import customers"),
        icon="upload",
        url_name="customers:import",
        permission="customers.import",
    )
)

# ── the command line
commands.add("import", "customers", import_command)
commands.add("export", "customers", export_command)
commands.add("import", "list", list_command)
commands.add("import", "apply", apply_command)
commands.add("import", "undo", undo_command)
commands.add("", "reindex", reindex_command)
commands.add("duplicates", "find", find_duplicates_command)
commands.add("duplicates", "merge", merge_command)
commands.add("duplicates", "unmerge", unmerge_command)

# ── what staff asks of the rooms above
duties.add(handing_over.DUTY)
reach.channels_are(lambda: Channel.objects.order_by("name").values_list("pk", "name"))

# ── what sales channels say
intake.applies(CustomerRecord, take=take_customers, remove=remove_customers)

# ── what belongs to a customer
for _holder in holders.ALL:
    belongings.add(_holder)

# ── what can be done with many customers
for _action in kinds.ALL:
    action.add(_action)
commands.add("bulk", "list", bulk_commands.list_command)
commands.add("bulk", "undo", bulk_commands.undo_command)

# ── what can be asked of a customer
for _field in fields.FIELDS:
    catalogue.add(_field)
catalogue.add_source(catalogue.Source(prefix=customfields.PREFIX, read=customfields.catalogue_fields))
# another process may have changed the shop's own fields since the last request
request_started.connect(customfields.forget, dispatch_uid="customers.custom_fields")

# ── people's rights
privacy.plug_in()
