"""Built-in roles that a shop changed get the permissions of groups that they would have had unchanged.

Roles of the shop's own get nothing by themselves: what they may do, somebody decided.
"""

from django.db import migrations

_SAVES = {"manager", "marketer", "analyst", "owner"}
_BUILT_IN = {*_SAVES, "agent", "read_only"}


def give(apps, _editor):
    for role in apps.get_model("staff", "StaffRole").objects.filter(key__in=_BUILT_IN):
        if "customers.view" in role.permissions:
            given = {"segments.view", *({"segments.edit"} if role.key in _SAVES else ())}
            role.permissions = sorted({*role.permissions, *given})
            role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("staff", "0004_who_left_and_who_made")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
