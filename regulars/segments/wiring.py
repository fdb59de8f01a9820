"""Everything groups plug into the house."""

from django.core.signals import request_started

from regulars.segments import (
    walls,  # noqa: F401 — says what is kept from whom
)
from regulars.segments.actions import grading
from regulars.segments.vocabulary import declared, grades, people

# ── what can be asked of customers
declared.add(*people.ATTRIBUTES, *people.FUNCTIONS)
declared.add_source(people.own_fields)
# another process may have reckoned the bounds since the last request
request_started.connect(grades.forget, dispatch_uid="segments.grades")

# ── by the clock: the modules plug in what they declare
CLOCKWORK = (grading.reckon_grades,)
