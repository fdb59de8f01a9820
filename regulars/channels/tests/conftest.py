"""A channel that our own program delivers to, and that program."""

import json
import time

import pytest


@pytest.fixture(autouse=True)
def _forget_doors():
    """What one test's door remembers is not there for the next: its rows were rolled back."""
    from regulars.channels import flood, receiving

    receiving._known.clear()
    flood.forget()


class Sender:
    """Signs and posts as a till does."""

    def __init__(self, client, connection):
        from regulars.channels import secrets

        self.client, self.connection = client, connection
        self.key = secrets.opened(connection)[secrets.KEY]
        self.path = f"/hooks/{connection.public_id}"
        self.count = 0

    def headers(self, body, *, event=None, at=None, key=None):
        from regulars.channels.connectors import signatures

        self.count += 1
        return signatures.headers(key or self.key, event or f"msg_{self.count}", int(at or time.time()), body)

    def send(self, content, *, headers=None, **how):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.client.post(
            self.path, body, content_type="application/json", headers=headers or self.headers(body, **how)
        )


@pytest.fixture
def till(db, client):
    """A till that is joined to the channel “till”."""
    from regulars.channels.actions import channel_for, connect

    connection = connect(channel=channel_for("till", name="Till", kind="store"), provider="push", name="Till")
    return Sender(client, connection)
