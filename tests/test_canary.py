"""No reader is told what their role keeps from them: canaries in every field, looked for in every answer."""

from __future__ import annotations

import json
import os

import pytest
from django.db import connection

from regulars.channels.outgoing import messages, verbs
from regulars.core.sight import GROUPS
from regulars.staff.actions import create_token
from regulars.staff.models import Sees, StaffRole, Team, User
from regulars.staff.roles import PERMISSIONS, Role
from regulars.timeline.models import Entry
from tests.canary.planting import plant
from tests.canary.walking import exports, operations, pages, told

MASKED, HIDDEN = "masked", "hidden"
_ALL = {"masked": dict.fromkeys(GROUPS, MASKED), "hidden": dict.fromkeys(GROUPS, HIDDEN)}

# Each record rule, alone and with all fields masked or hidden; each protected group masked, and hidden beside another;
# all of them.
ROLES = {
    **{f"sees {sees}": (sees, {}) for sees in (Sees.OWN, Sees.TEAM, Sees.CHANNELS)},
    **{f"sees {sees}, {level}": (sees, _ALL[level]) for sees, level in ((Sees.OWN, MASKED), (Sees.CHANNELS, HIDDEN))},
    **{
        f"{masked} masked, {hidden} hidden": (Sees.ALL, {masked: MASKED, hidden: HIDDEN})
        for masked, hidden in zip(GROUPS, [*list(GROUPS)[4:], *list(GROUPS)[:4]], strict=True)
    },
    "all masked": (Sees.ALL, _ALL[MASKED]),
    "all hidden": (Sees.ALL, _ALL[HIDDEN]),
}
# Who is asked everything; the others what most is said on.
THOROUGH = {"sees own", "sees own, masked", "all masked", "all hidden"}


@pytest.fixture
def planting(ada, ben, settings, tmp_path):
    settings.ATTACHMENTS = tmp_path
    otto = User.objects.create(email="otto@shop.example", name="Otto Other", role=Role.AGENT)
    return plant(ada, ben, otto)


@pytest.fixture
def reader(ben, planting):
    """Ben, with a role that is made for the walk; in a team with nobody but himself."""
    team = Team.objects.create(name="Counter")
    team.members.add(ben)
    role = StaffRole.objects.create(key="canary", name="Canary", permissions=sorted(PERMISSIONS))
    User.objects.filter(pk=ben.pk).update(role="canary", definition=role)

    def become(sees, fields):
        role.sees, role.fields, role.channel_ids = sees, fields, [planting.channel.pk]
        role.save()
        return User.objects.select_related("definition").get(pk=ben.pk)

    return become


def forbidden(planting, *, sees=Sees.ALL, fields=None, role="canary"):
    """The canaries that somebody may not be told."""
    found = []
    for one in (planting.seen, planting.hidden):
        is_seen = sees == Sees.ALL or one is planting.seen
        for canary, groups in one.canaries.items():
            if groups == ("role:manager",):
                may = is_seen and role in {"manager", "owner"}
            else:
                may = is_seen and not any(group in (fields or {}) for group in groups)
            if not may:
                found.append(canary)
    return found


def walk(client, planting, user, canaries, *, is_brief=False):
    """Ask for everything as somebody; where which canary was told."""
    planted = (planting.seen, planting.hidden)
    client.force_login(user)
    client.raise_request_exception = False
    leaks, answers = [], []

    def look(address, response):
        said = told(response)
        answers.append(said)
        leaks.extend((address, canary) for canary in canaries if canary in said)
        if response.status_code >= 500:
            leaks.append((address, response.status_code))

    for address in pages(planted, is_brief=is_brief):
        look(address, client.get(address))
        if address.startswith(("/customers?", "/find")):
            look(f"{address} (part)", client.get(address, headers={"HX-Request": "true"}))
    if user.may("customers.export"):
        for wish in exports(planted):
            look(f"/customers/export {wish['format']}", client.post("/customers/export", wish))
    if user.permissions:
        _token, plain = create_token(user=user, name="a program", scopes=user.permissions)
        for address in operations(client, planted):
            look(address, client.get(address, headers={"Authorization": f"Bearer {plain}"}))
    return leaks, answers


def leave_every_second(number):
    """By day each sight is tried on one of the databases, half of them on either; at night on both."""
    if "REGULARS_NIGHT" not in os.environ and number % 2 == (connection.vendor == "sqlite"):
        pytest.skip("tried on the other database by day")


@pytest.mark.parametrize("name", ROLES)
def test_a_role_is_told_nothing_that_it_does_not_see(client, planting, reader, name):
    leave_every_second(list(ROLES).index(name))
    sees, fields = ROLES[name]
    canaries = forbidden(planting, sees=sees, fields=fields)
    leaks, _answers = walk(client, planting, reader(sees, fields), canaries, is_brief=name not in THOROUGH)
    assert not leaks, "\n".join(map(str, leaks))


def test_the_walk_comes_by_every_canary(client, planting, ada):
    canaries = [*planting.seen.canaries, *planting.hidden.canaries]
    _leaks, answers = walk(client, planting, ada, [])
    everything = "\n".join(answers)
    # a note that was deleted is shown to nobody
    unseen = [canary for canary in canaries if canary not in everything and not canary.startswith("qzgone")]
    assert not unseen, unseen


@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.OWNER])
def test_a_built_in_role_sees_all_but_fields_of_other_roles(client, planting, ben, role):
    leave_every_second(Role.values.index(role))
    User.objects.filter(pk=ben.pk).update(role=role)
    leaks, _answers = walk(client, planting, User.objects.get(pk=ben.pk), forbidden(planting, role=role), is_brief=True)
    assert not leaks, "\n".join(map(str, leaks))


def test_who_may_do_nothing_is_told_nothing(client, planting, charlie):
    canaries = [*planting.seen.canaries, *planting.hidden.canaries]
    leaks, _answers = walk(client, planting, charlie, canaries)
    assert not leaks, "\n".join(map(str, leaks))


def messages_for(owner):
    """What an address of somebody's would be told of everything that ever happened."""
    endpoint, _secret = verbs.add_endpoint(name="Books", url="http://127.0.0.1/", facts=[], by=owner)
    entries = Entry._base_manager.filter(name__in=messages.public_facts()).order_by("pk").values_list("pk", flat=True)
    bodies = [messages.message_of(endpoint, number) for number in entries]
    return [body.decode().lower() for body in bodies if body is not None], len(bodies)


def test_a_webhook_is_told_nothing_that_its_owner_does_not_see(planting, reader, settings):
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    for name, (sees, fields) in ROLES.items():
        told_of, there_are = messages_for(reader(sees, fields))
        said = "\n".join(told_of)
        assert not [canary for canary in forbidden(planting, sees=sees, fields=fields) if canary in said], name
        hidden = [number for number in planting.hidden.ids["customer"] if number in said]
        assert sees == Sees.ALL or not hidden, name
        assert len(told_of) < there_are or sees == Sees.ALL, name


def test_a_webhook_of_the_owner_is_told_what_was_planted(planting, ada, settings):
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    told_of, _there_are = messages_for(ada)
    said = "\n".join(told_of)
    assert [canary for canary in planting.seen.canaries if canary in said]
    assert all(json.loads(body)["data"]["sequence"] for body in told_of)
