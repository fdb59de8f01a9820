"""Live: what happens is told to the pages that are open (docs/decisions/0040).

    live.tell("inbox", {"changed": conversation.public_id})     in any verb, of any process
    live.opens("inbox", lambda user, _rest: user.may("inbox.view"))     in the room's wiring

A page asks for `/live?topics=inbox&after=<live.mark()>`. Who has not signed in needs a ticket, `live.ticket([...])`,
and asks for `/live/open?ticket=…`. What is told says that something happened, never what somebody wrote: the page
fetches that by its own address, past all the walls.
"""

from regulars.core.live.access import opens, ticket
from regulars.core.live.events import mark, recent, tell

__all__ = ["mark", "opens", "recent", "tell", "ticket"]
