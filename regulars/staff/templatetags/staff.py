"""{% load staff %}: what the pages of people share."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

register = template.Library()


@register.inclusion_tag("staff/_people_tabs.html", takes_context=True)
def people_tabs(context: Context, here: str) -> dict[str, Any]:
    """{% people_tabs "roles" %}: people, teams, roles, whichever somebody may open."""
    return {"here": here, "may_edit_people": context["request"].user.may("staff.edit")}
