"""How fast the inbox answers when it is full: its panes, lists for programs, and search over everything that was said.

Inquiries are invented from a fixed seed, ten messages each, of words as often as people use them; a tenth is Chinese.
They are written in bulk, sealed as ever, and brought into the search index as ever. Panes are pages asked for as a
signed-in person does, figures of time are the 95th of a hundred (`p95`) in milliseconds.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from bench.import_customers import _environment, _fresh, _run
from bench.result import Options, Result

_POSTS = 10
_CUSTOMERS = 2_000
_TIMES = 40
_SYLLABLES = "ba co du fe gi ho ka le mi no pa qua re so ta ur va wi xo zen chi sto ple gra mon ter"
_CHINESE = "我的订单杯子退货请问什么时候发到快递破损谢谢您好客服尽快回复茶壶蓝色有没有包装礼物地址修改发票"
_SEARCHES = ("glaze", "gla", "gl", "parcel late", "退货", "快递破", "glazeless", "jonas 41")


def measure(options: Options) -> Iterator[Result]:
    """SQLite, as most shops run."""
    rows = options.rows_or(100_000)
    environment = _environment(options.folder / "SQLite", "")
    _fresh(environment)
    shop = str(Path(sys.executable).with_name("regulars"))
    _run([shop, "demo", "--customers", str(_CUSTOMERS)], environment)
    told = json.loads(_run([sys.executable, "-m", "bench.inbox", str(rows)], environment).splitlines()[-1])
    for name, unit, value, note in told:
        yield Result(name=name, rows=rows, unit=unit, ours=value, note=note)


def _vocabulary(chance: random.Random) -> tuple[list[str], list[float]]:
    """Words, and how often each is used: the n-th most common one n times less often than the first."""
    syllables = _SYLLABLES.split()
    made = {"glaze", "parcel", "late", "return", "order", "cup"}
    while len(made) < 20_000:
        made.add("".join(chance.choices(syllables, k=chance.randint(1, 4))))
    words = sorted(made)
    chance.shuffle(words)
    return words, [1 / (place + 3) for place in range(len(words))]


def _fill(count: int) -> tuple[float, float]:
    """Write the inquiries and index what was said; rows a second of both."""
    from django.db import transaction
    from django.utils import timezone

    from regulars.core import bulk
    from regulars.customers.models import Customer
    from regulars.inbox import digests, indexing
    from regulars.inbox.models import Conversation, Post

    chance = random.Random(7)
    words, often = _vocabulary(chance)
    customers = list(Customer.objects.order_by("pk").values_list("pk", "email"))
    now, began = timezone.now(), time.perf_counter()
    states = ("open", "waiting", "closed", "closed", "closed", "later", "spam")
    for start in range(0, count, 2_000):
        size = min(2_000, count - start)
        with transaction.atomic():
            ids = bulk.take_ids(Conversation, size)
            conversations, posts = [], []
            for number, pk in enumerate(ids, start=start):
                customer, email = customers[number % len(customers)]
                at = now - dt.timedelta(minutes=7 * (count - number))
                status = chance.choice(states)
                moment = bulk.moment(at)
                is_open = status == "open"
                conversations.append(
                    (pk, customer, status, "email", f"Number {number}", "Hello", email, digests.of(email), "en", moment,
                     moment, moment, moment if is_open else None, bulk.moment(at + dt.timedelta(days=9))
                     if is_open and number % 2 else None, moment if status == "closed" else None)
                )  # fmt: skip
                for place in range(_POSTS):
                    if number % 10:
                        text = " ".join(chance.choices(words, often, k=40)) + f" {number}"
                    else:
                        text = "".join(chance.choices(_CHINESE, k=40))
                    kind = ("in", "out", "in", "note")[place % 4]
                    at_ = bulk.moment(at + dt.timedelta(seconds=place))
                    posts.append((pk, customer, kind, "email", at_, text, json.dumps({"from": email})))
            bulk.insert(
                Conversation,
                ("id", "customer_id", "status", "by", "subject", "preview", "reply_to", "reply_digest", "language",
                 "began_at", "last_at", "last_in_at", "waiting_since", "due_at", "closed_at"),
                conversations,
                same={"kind": "inquiry", "priority": 2, "posts_count": _POSTS, "answers_count": 3, "reopened_count": 0,
                      "created_at": bulk.moment(now), "updated_at": bulk.moment(now), "version": 1},
            )  # fmt: skip
            bulk.insert(
                Post,
                ("conversation_id", "customer_id", "kind", "by", "at", "text", "people"),
                posts,
                same={"subject": "", "quoted": "", "html": "", "data": "{}", "id_digest": "", "mail_id": "",
                      "joined_by": "", "confidence": 100, "created_at": bulk.moment(now),
                      "updated_at": bulk.moment(now), "version": 1},
            )  # fmt: skip
    written = time.perf_counter()
    indexing.reindex()
    return count * _POSTS / (written - began), count * _POSTS / (time.perf_counter() - written)


def _p95(name: str, action: Callable[[], Any]) -> tuple[str, str, float, str]:
    """Milliseconds of the 95th of a hundred, and what the processor worked in the middle one; the first is left out."""
    spans, worked = [], []
    for _time in range(_TIMES + 1):
        began, busy = time.perf_counter(), time.process_time()
        action()
        spans.append(time.perf_counter() - began)
        worked.append(time.process_time() - busy)
    busy = statistics.median(worked[1:]) * 1000
    return f"{name}, p95", "ms", sorted(spans[1:])[int(_TIMES * 0.95) - 1] * 1000, f"{busy:.0f} ms of processor"


def _told(count: int) -> list[tuple[str, str, float, str]]:
    from django.conf import settings
    from django.test import Client

    from regulars.inbox.models import Conversation, Token
    from regulars.inbox.queries.listing import Wanted, page_of
    from regulars.staff.models import User

    written, indexed = _fill(count)
    found = [("written in bulk", "messages/s", written, ""), ("brought into the index", "messages/s", indexed, "")]
    size = sum(len(ids) for ids in Token.objects.values_list("ids", flat=True).iterator())
    found.append(("size of the index", "MB", size / 1e6, ""))
    settings.ALLOWED_HOSTS = ["*"]
    client = Client()
    client.force_login(User.objects.get_or_create(email="bench@shop.example", name="Bench", role="owner")[0])
    middle = Conversation.objects.filter(status="open").order_by("pk")[count // 20]
    pages = {
        "the list": "/inbox",
        "an inquiry beside it": f"/inbox/{middle.public_id}",
        "those that are done": "/inbox?tab=done",
        "search in the page": "/inbox?q=glaze",
    }
    for name, address in pages.items():
        if client.get(address).status_code != HTTPStatus.OK:
            raise RuntimeError(address)
        found.append(_p95(name, lambda address=address: client.get(address)))
    found.append(_p95("a page for programs", lambda: page_of(Wanted(statuses=("closed",)))))
    found.extend(_p95(f"search “{words}”", lambda words=words: page_of(Wanted(words=words))) for words in _SEARCHES)
    return found


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    django.setup()
    from regulars.staff.policy import EVERYTHING, looking

    with looking(EVERYTHING):
        print(json.dumps(_told(int(sys.argv[1]))))
