"""Who a session belongs to: the person with their role, in one query."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

from regulars.staff.models import User


class WithRole(ModelBackend):
    """As Django's, but the person comes with the definition of their role, so that a changed role counts at once."""

    def get_user(self, user_id: Any) -> User | None:
        found = User.objects.select_related("definition").filter(pk=user_id).first()
        return found if found is not None and self.user_can_authenticate(found) else None
