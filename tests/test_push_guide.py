"""The examples of docs/guide/push.md do what they say, against a real server."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from regulars.channels import applying, flood, receiving, secrets
from regulars.channels.actions import channel_for, connect
from regulars.channels.models import Delivery
from regulars.orders.models import Order, Return

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "guide" / "push.md").read_text(encoding="utf-8")


def example(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


@pytest.fixture
def joined(transactional_db, live_server):
    receiving._known.clear()
    flood.forget()
    connection = connect(channel=channel_for("till", name="Till", kind="store"), provider="push", name="Till")
    return f"{live_server.url}/hooks/{connection.public_id}", secrets.opened(connection)[secrets.KEY]


def test_the_till_in_python_sells_and_curl_takes_back(joined):
    address, key = joined
    program = example("python").replace("http://localhost:8000/hooks/con_…", address).replace('"whsec_…"', f'"{key}"')
    exec(compile(program, "push.md", "exec"), {})  # noqa: S102 — our own page
    applying.drain()
    order = Order.objects.get()
    assert (order.number, order.total_minor, order.customer.name) == ("K-417", 2_500, "Li Na")
    assert Delivery.objects.get().customer_id == order.customer_id

    if not (shutil.which("curl") and shutil.which("openssl")):
        pytest.skip("curl and openssl are not here")
    environment = {**os.environ, "ADDRESS": address, "KEY": key}
    done = subprocess.run(["sh", "-c", example("sh")], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "202\n"
    applying.drain()
    order.refresh_from_db()
    assert Return.objects.get().order_id == order.pk
    assert (order.refunded_minor, order.status) == (1_250, "part_refunded")
