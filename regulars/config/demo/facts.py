"""What the demo shop writes down about itself, so that it is never loaded twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact

ABOUT = _(
    "The orders are real: the data set “Online Retail” of a British gift shop (Chen, Sain and Guo 2012, "
    "doi:10.1057/dbm.2012.17, licence CC BY 4.0), with its dates moved by whole weeks. Names, addresses, e-mails and "
    "phone numbers are invented; any likeness to a person is chance. So are the costs of products that are tagged "
    "“Cost invented”, their categories, and what was left in baskets."
)


@dataclass(frozen=True, slots=True)
class DemoBegun(Fact):
    """The demo shop is being loaded; its dates are moved by `weeks`. An interrupted load goes on with the same."""

    name: ClassVar[str] = "demo.begun"
    sentence: ClassVar = _("Demo shop: loading began")
    icon: ClassVar[str] = "store"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    weeks: int


@dataclass(frozen=True, slots=True)
class DemoLoaded(Fact):
    """Demo data is in: the shop itself (`seed` 0), or made customers of a seed."""

    name: ClassVar[str] = "demo.loaded"
    sentence: ClassVar = _("Demo data loaded: %(customers)s customers, %(orders)s orders")
    icon: ClassVar[str] = "store"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    seed: int
    customers: int
    orders: int
