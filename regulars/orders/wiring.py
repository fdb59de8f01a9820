"""Everything orders plug into the house."""

from regulars.orders import panels

panels.plug_in()
