"""The figures of the inbox, for programs."""

from __future__ import annotations

from django.http import HttpRequest

from regulars.core.api.listing import Query, parameter
from regulars.core.api.routes import Answer, Routes
from regulars.core.api.schemas import Out
from regulars.inbox.figures import counting, periods

routes = Routes(tags=["Inbox"])


class DayOut(Out):
    """How many were open at the end of a day."""

    day: str
    open: int


class _Rated(Out):
    """How customers found it: asked in the period, and of those said something since; said, and said good, in it."""

    asked: int
    asked_and_rated: int
    rated: int
    good: int
    good_share: float | None
    rating_rate: float | None


class FigureLineOut(_Rated):
    """The figures of one topic, colleague or way."""

    key: str
    name: str
    came: int
    in_time: int
    late: int
    answers: int
    first_answer_median: float | None


class PromiseOut(Out):
    """How often one kind of a promise was kept."""

    promise: str
    kind: str
    kept: int
    missed: int


class ComplaintsOut(Out):
    """How many complained about a product."""

    product: str
    title: str
    count: int


class FiguresOut(_Rated):
    """The figures of a period; times are minutes of working time."""

    begins: str
    ends: str
    came: int
    answered: int
    in_time: int
    late: int
    in_time_share: float | None
    done: int
    first_answer_median: float | None
    first_answer_nine_of_ten: float | None
    backlog: list[DayOut]
    by_topic: list[FigureLineOut]
    by_agent: list[FigureLineOut]
    by_way: list[FigureLineOut]
    promises: list[PromiseOut]
    complaints: list[ComplaintsOut]


_PERIOD = [
    parameter("from", "The first day; four weeks before the last one without.", format="date"),
    parameter("to", "The last day; yesterday without.", format="date"),
]


@routes.reads(
    "/inbox/figures", permission="inbox.view", summary="Figures of the inbox", out=FiguresOut, parameters=_PERIOD
)
def inbox_figures(request: HttpRequest) -> Answer:
    """How many inquiries came in some days, how quickly they were answered, how many answers were in time."""
    query = Query(request)
    asked = {"from": query.text("from"), "to": query.text("to")}
    query.refuse_rest()
    return Answer(body=FiguresOut(**counting.figures(periods.read(asked)).as_json()))
