"""What staff plugs into the house."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from regulars.core import commands, menu, resealing
from regulars.core.api import problems
from regulars.staff.commands import create, list_tokens, revoke
from regulars.staff.models import Authenticator
from regulars.staff.people_commands import invite_command, list_people, off_command, on_command, role_command
from regulars.staff.sign_in_commands import password, second_step

commands.add("token", "create", create)
commands.add("token", "list", list_tokens)
commands.add("token", "revoke", revoke)
commands.add("staff", "list", list_people)
commands.add("staff", "invite", invite_command)
commands.add("staff", "role", role_command)
commands.add("staff", "off", off_command)
commands.add("staff", "on", on_command)
commands.add("staff", "password", password)
commands.add("staff", "second-step", second_step)

menu.add(
    menu.Place(
        name="settings",
        label=_("Settings"),
        icon="settings",
        url_name="staff:settings",
        key="s",
        group=menu.FOOT,
        order=900,
    )
)
for _place in (
    menu.Place(name="profile", label=_("Profile"), icon="user-round", url_name="staff:profile", order=10),
    menu.Place(name="security", label=_("Security"), icon="shield-check", url_name="staff:security", order=12),
    menu.Place(
        name="people", label=_("People"), icon="users-round", url_name="staff:people", permission="staff.view", order=30
    ),
    menu.Place(
        name="tokens",
        label=_("API tokens"),
        icon="key-round",
        url_name="staff:tokens",
        permission="tokens.edit",
        order=40,
    ),
):
    menu.add_setting(_place)
menu.add(
    menu.Command(
        name="invite",
        label=_("Invite somebody"),
        icon="user-round-plus",
        url_name="staff:invite",
        permission="staff.edit",
    )
)

# ── what it may refuse
for _slug, _status, _title, _text in (
    (
        "sign-in-paused",
        HTTPStatus.TOO_MANY_REQUESTS,
        _("Sign-in rests for a while"),
        _("Too many wrong tries came in a row. The sentence says how long to wait."),
    ),
    (
        "sign-in-service",
        HTTPStatus.FORBIDDEN,
        _("The sign-in service did not let somebody in"),
        _("It said no, or something that cannot be believed."),
    ),
    (
        "password-link-too-old",
        HTTPStatus.GONE,
        _("The link for a new password does not work any more"),
        _("It was used, or is older than an hour."),
    ),
    (
        "gives-too-much",
        HTTPStatus.FORBIDDEN,
        _("Nobody gives more than they have"),
        _("A role, an invitation or a team would give somebody what the one who gives it does not have."),
    ),
    (
        "not-oneself",
        HTTPStatus.FORBIDDEN,
        _("Nobody changes their own role"),
        _("Another colleague changes your role, your teams, or whether you are let in."),
    ),
    (
        "last-owner",
        HTTPStatus.CONFLICT,
        _("The shop needs an owner"),
        _("This is the only owner. Make somebody else an owner first."),
    ),
    (
        "owner-stays",
        HTTPStatus.CONFLICT,
        _("The owner’s role cannot be changed"),
        _("Somebody must be able to do everything."),
    ),
    (
        "role-in-use",
        HTTPStatus.CONFLICT,
        _("Somebody has this role"),
        _("A role is deleted only when its people get another one in the same step."),
    ),
    (
        "no-such-invitation",
        HTTPStatus.NOT_FOUND,
        _("Nobody was invited by this link"),
        _("The link is not known, or a newer one was sent."),
    ),
    (
        "invitation-over",
        HTTPStatus.GONE,
        _("The invitation does not hold any more"),
        _("It was used, withdrawn, or is older than seven days."),
    ),
):
    problems.describe(_slug, status=_status, title=_title, text=_text)

# the secrets of apps that show codes follow to newer keys
resealing.add_secrets(Authenticator, "secret", place=lambda pk: f"staff_authenticator.secret/{pk}")
