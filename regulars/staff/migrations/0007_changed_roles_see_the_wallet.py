"""Built-in roles that a shop changed get the permissions of the wallet that they would have had unchanged.

Roles of the shop's own get nothing by themselves: what they may do, somebody decided.
"""

from django.db import migrations

_SEE = {"wallet.view"}
_GIVEN = {
    "owner": {*_SEE, "wallet.edit"},
    "manager": {*_SEE, "wallet.edit"},
    "agent": _SEE,
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
    dependencies = [("staff", "0006_changed_roles_see_the_inbox")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
