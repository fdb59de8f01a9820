"""Everything groups plug into the house."""

from django.core.signals import request_started
from django.utils.translation import gettext_lazy as _

from regulars.core import commands, menu, resealing
from regulars.customers.facts import CustomerChanged, CustomerMerged, CustomerUnmerged, TagChanged
from regulars.segments import commands as segment_commands
from regulars.segments import (
    plugging,  # noqa: F401 — saved groups
    walls,  # noqa: F401 — says what is kept from whom
)
from regulars.segments.actions import grading
from regulars.segments.engine import problems  # noqa: F401 — says what asking may be refused with
from regulars.segments.lake import commands as lake_commands
from regulars.segments.lake import jobs, reaching, tables, view
from regulars.segments.vocabulary import declared, grades, people

menu.add(
    menu.Place(
        name="groups",
        label=_("Groups"),
        icon="blend",
        url_name="segments:list",
        key="g",
        group=menu.PEOPLE,
        permission="segments.view",
        order=22,
    )
)

# ── what can be asked of customers
declared.add(*people.ATTRIBUTES, *people.FUNCTIONS)
declared.add_source(people.own_fields)
# another process may have reckoned the bounds since the last request
request_started.connect(grades.forget, dispatch_uid="segments.grades")

# ── by the clock: the modules plug in what they declare
CLOCKWORK = (grading.reckon_grades, jobs.keep_fresh)

# ── the lake
tables.come_from("regulars.segments.lake.people")
# whoever works at a customer is told by that one's name
for _fact in (CustomerChanged, CustomerMerged, CustomerUnmerged):
    tables.reaches(_fact.name, reaching.people_of)
# whoever has a tag that is brought back has it again
tables.reaches(TagChanged.name, reaching.tagged_with)
commands.add("segment", "count", segment_commands.count)
commands.add("segment", "list", segment_commands.list_)
commands.add("segment", "explain", segment_commands.explain)
commands.add("segment", "parse", segment_commands.parse)
commands.add("lake", "build", lake_commands.build)
commands.add("lake", "refresh", lake_commands.refresh)
commands.add("lake", "status", lake_commands.status)
view.when_damaged(jobs.ask)
# new keys reach it as it is written anew
resealing.add(resealing.Place("segments.lake", seal=lambda: 0, renew=jobs.reseal))
