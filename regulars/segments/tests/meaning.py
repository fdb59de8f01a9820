"""What a query means for a shop that is in the database: the evaluator over all rows that tables of the lake read."""

import datetime as dt

from regulars.core import money, shop, sight
from regulars.core.text import fold
from regulars.customers import people
from regulars.segments.bits import unpacked
from regulars.segments.lake import tables
from regulars.segments.language import evaluating
from regulars.segments.models import Group
from regulars.segments.vocabulary import declared
from regulars.segments.vocabulary.reading import Person, Scene, apart


class Meaning:
    """The records as they are now, read once."""

    def __init__(self):
        with sight.looking(sight.EVERYTHING):
            self.known, self.functions = declared.known(), declared.rows()
            self.tables = {
                name: [row for batch in table.read(None) for row in batch.to_pylist()]
                for name, table in tables.tables().items()
            }
            self.dimensions = {
                name: {row[one.key]: row for row in one.read().to_pylist()} for name, one in tables.dimensions().items()
            }
            self.groups = {group.name: self._members(group) for group in Group.objects.filter(is_by_rule=False)}
        self.people = dict(apart(self.tables))
        self.zone, self.exponent = shop.zone(), money.exponent(shop.current().currency)

    def of(self, node, today: dt.date, *, is_past: bool = False) -> set[int]:
        """Whom a query means on a day, or (`is_past`) meant as of one."""
        scene = Scene(
            known=self.known,
            functions=self.functions,
            dimensions=self.dimensions,
            today=today,
            zone=self.zone,
            is_past=is_past,
            exponent=self.exponent,
        )
        found = set()
        for number, rows in self.people.items():
            person = Person(scene, rows, groups=lambda name, number=number: number in self.groups[name])
            if person.is_there and evaluating.matches(node, person, today=today, zone=self.zone, fold=fold):
                found.add(number)
        return found

    def _members(self, group: Group) -> set[int]:
        """Hand-picked people as they are listed now."""
        return set(people.roots_of(unpacked(group.members)).values())
