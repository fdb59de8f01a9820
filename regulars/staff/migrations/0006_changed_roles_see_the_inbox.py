"""Built-in roles that a shop changed get the permissions of the inbox that they would have had unchanged.

Roles of the shop's own get nothing by themselves: what they may do, somebody decided.
"""

from django.db import migrations

_SEE = {"inbox.view", "messages.view"}
_GIVEN = {
    "owner": {*_SEE, "inbox.edit", "inbox.setup", "messages.setup"},
    "manager": {*_SEE, "inbox.edit", "inbox.setup", "messages.setup"},
    "agent": {*_SEE, "inbox.edit"},
    "marketer": _SEE,
    "analyst": _SEE,
    "read_only": _SEE,
}


def give(apps, _editor):
    for role in apps.get_model("staff", "StaffRole").objects.filter(key__in=_GIVEN):
        if "customers.view" in role.permissions:
            role.permissions = sorted({*role.permissions, *_GIVEN[role.key]})
            role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("staff", "0005_changed_roles_see_groups")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
