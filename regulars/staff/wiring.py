"""What staff plugs into the house."""

from regulars.core import commands
from regulars.staff.commands import create, list_tokens, revoke

commands.add("token", "create", create)
commands.add("token", "list", list_tokens)
commands.add("token", "revoke", revoke)
