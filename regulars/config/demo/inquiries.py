"""What customers of the demo shop asked: settled inquiries of the past weeks, and a desk full of open ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from django.utils import timezone

from regulars.core import shop
from regulars.customers.models import Category, Customer
from regulars.inbox.acknowledging import setting_up as acknowledgement
from regulars.inbox.acknowledging import telling
from regulars.inbox.actions import setting_up
from regulars.inbox.actions.remembering import Said, remember
from regulars.inbox.chat import setting_up as chats
from regulars.inbox.contact import setting_up as contact
from regulars.inbox.guessing.training import learn_now
from regulars.inbox.models import By, Calendar, Canned, Kind, Label, Macro, Promise, Status, Topic
from regulars.inbox.promises.setting_up import save_promise
from regulars.orders.models import Order
from regulars.staff.models import User

_SEED = 1882
_SETTLED, _OPEN = 48, 14
_TOPICS = ("Damage", "Delivery", "Invoice", "Product question", "Return", "Wholesale")
_LABELS = ("Gift", "Photo needed", "Second time")
_PROMISES = (("vip", "VIPs", 120, 240, 960), ("regular", "Regulars", 240, 360, 1440))
_OPENING, _CLOSING = 9, 17
_GREETING = {"en": "Hello! Ask us about anything in the shop.", "zh-hans": "您好！有关商品和订单的问题，欢迎随时提问。"}


class Talk(NamedTuple):
    """One way an inquiry goes: what they ask, what we answer, and perhaps a note in between, and their last word."""

    topic: str
    kind: str
    by: str
    subject: str
    ask: str
    answer: str
    note: str = ""
    thanks: str = ""


_ENGLISH = (
    Talk("Damage", Kind.COMPLAINT, By.EMAIL, "{item} arrived broken",
         "Hello,\n\nthe {item} from order {order} arrived today, and it is cracked right across. The box itself looked "
         "fine.\n\nIt is a present, so I am a little worried about the time. Could you send another one?\n\n{name}",
         "Hello {name},\n\nI am sorry about this. Another one leaves today, in a double box. Please keep the rest; "
         "there is nothing to send back.", "Third one from this delivery. I am writing to the maker.",
         "That was quick, thank you!"),
    Talk("Delivery", Kind.INQUIRY, By.EMAIL, "Where is my parcel?",
         "Good morning,\n\nmy order {order} should have been here on Tuesday. Can you see where it is?\n\n{name}",
         "Hello {name},\n\nthe carrier has it in your town since this morning; it should reach you tomorrow. "
         "Write again if it does not, and I will send a second one."),
    Talk("Delivery", Kind.INQUIRY, By.FORM, "Leave it with the neighbour",
         "Could the next parcel go to the neighbour at number 12? Nobody is at home during the day.",
         "Hello {name},\n\nof course. I wrote it down at your address, so the next ones know it too."),
    Talk("Invoice", Kind.INQUIRY, By.EMAIL, "Invoice for {order}",
         "Dear team,\n\nplease send the invoice for {order} once more, with our new address on it.\n\n{name}",
         "Hello {name},\n\nhere it is, written anew. The next ones carry the new address by themselves."),
    Talk("Invoice", Kind.INQUIRY, By.PHONE, "Called about a reminder",
         "Got a reminder although the invoice was paid. Sounded annoyed, and rightly so.",
         "Hello {name},\n\nyour payment was here all along; we had put it to another order. The reminder is void."),
    Talk("Product question", Kind.INQUIRY, By.EMAIL, "Is the {item} safe for children?",
         "Hi,\n\nI like the {item}, but there is a two-year-old in the house. Is the paint safe?\n\nBest,\n{name}",
         "Hello {name},\n\nyes: it is tested for children from three years on, and nothing on it comes off. For a "
         "two-year-old I would keep it on the shelf."),
    Talk("Product question", Kind.SUGGESTION, By.FORM, "A larger size?",
         "Would you ever make the {item} in a larger size? I would buy four at once.",
         "Hello {name},\n\nthank you, I passed it on. Nothing is planned before spring, but you are the third to ask."),
    Talk("Return", Kind.RETURN, By.EMAIL, "Sending back the {item}",
         "Hello, the colour of the {item} is not what I expected. May I send it back? Order {order}.\n\n{name}",
         "Hello {name},\n\ncertainly. The label is attached; the money is with you two days after the parcel is here."),
    Talk("Wholesale", Kind.INQUIRY, By.EMAIL, "Prices for forty pieces",
         "Dear sirs,\n\nwe would like to order forty of the {item} for our shop. Is there another price for that?",
         "Hello {name},\n\nfrom twenty-four pieces on it is 18 % less. Shall I write an offer?"),
    Talk("Product question", Kind.COMPLIMENT, By.EMAIL, "Beautifully packed",
         "I only wanted to say how beautifully the parcel was packed. My sister did not want to open it.\n\n{name}",
         "Hello {name},\n\nthat went straight to the packing table. They are beaming."),
)  # fmt: skip
_CHINESE = (
    Talk("Delivery", Kind.INQUIRY, By.EMAIL, "包裹到哪里了？",
         "你好，订单 {order} 已经过了一周，还没有收到。请帮忙查一下好吗？\n\n{name}",
         "{name}，您好！\n\n包裹今早已到达您所在的城市，预计明天送达。若明天仍未收到，请再告诉我们。"),
    Talk("Product question", Kind.INQUIRY, By.EMAIL, "{item} 什么时候有货？",
         "你好，上次买的 {item} 家人都很喜欢，想再买两个，现在显示缺货。什么时候能到？",
         "{name}，您好！\n\n下一批下周三到货，已为您预留两个。"),
    Talk("Damage", Kind.COMPLAINT, By.EMAIL, "收到时已破损",
         "你好，{item} 收到时已经裂开了，订单号 {order}。照片随后发来。",
         "{name}，您好！\n\n非常抱歉。新的今天就寄出，旧的不用寄回。", thanks="处理得真快，谢谢！"),
)  # fmt: skip
_CANNED = (
    ("Broken on arrival, spare part", "broken", "Damage",
     ("Hello {{ customer.first_name | default: customer.name }},\n\nI am sorry about this. A new one leaves today, in "
     "a double box. Please keep the rest; there is nothing to send back."),
     "{{ customer.name }}，您好！\n\n非常抱歉。新的今天就寄出，旧的不用寄回。"),
    ("On its way", "way", "Delivery",
     ("Hello {{ customer.first_name | default: customer.name }},\n\nyour parcel is on its way and should reach you "
     "within two days. Write again if it does not."),
     "{{ customer.name }}，您好！\n\n您的包裹已在路上，预计两天内送达。若未收到，请再告诉我们。"),
    ("How to send something back", "return", "Return",
     ("Hello {{ customer.first_name | default: customer.name }},\n\ncertainly. Put the label on the box and hand it in "
     "at any parcel shop; the money is with you two days after it is here."),
     "{{ customer.name }}，您好！\n\n可以的。请把标签贴在包裹上寄回，我们收到后两天内退款。"),
)  # fmt: skip

_MACROS = (("Parcel is late", "w", "Delivery", "way"), ("Arrived broken", "b", "Damage", "broken"))
_SIGNATURES = (
    ("", "Kind regards\n{{ agent.name }}, {{ shop.name }}"),
    ("zh-hans", "{{ agent.name }}\n{{ shop.name }}"),
)


def fill_the_desk() -> None:
    """Set up the inbox of the demo shop and bring in its inquiries; done twice, or begun again, it is the same."""
    topics = {name: Topic.objects.filter(name=name).first() or setting_up.save_topic(name=name) for name in _TOPICS}
    labels = [Label.objects.filter(name=name).first() or setting_up.save_label(name=name) for name in _LABELS]
    for name, shortcut, topic, english, chinese in _CANNED:
        if not Canned.objects.filter(shortcut=shortcut).exists():
            texts = {"en": english, "zh-hans": chinese}
            setting_up.save_canned(name=name, shortcut=shortcut, texts=texts, topic=topics[topic])
    contact.set_up_usual()
    chats.set_up_usual(shop.current().name, _GREETING)
    _promise()
    _macros(topics)
    people = _people()
    random = Random(_SEED)  # noqa: S311 — inquiries, not secrets
    team = list(User.objects.filter(is_active=True).order_by("pk"))
    now = timezone.now()
    for number, (customer, order) in enumerate(people):
        talk = random.choice(_CHINESE if (customer.language or "").startswith("zh") else _ENGLISH)
        agent = random.choice(team) if team else None
        if number < _SETTLED:
            began = _working_moment(now - dt.timedelta(days=2 + (number * 66) // _SETTLED), random)
            _bring(talk, customer, order, number, topics, labels[:1], began, random, agent=agent, status=Status.CLOSED)
        else:
            began = now - dt.timedelta(minutes=20 + 53 * (number - _SETTLED))
            status = (Status.OPEN, Status.OPEN, Status.WAITING, Status.OPEN)[number % 4]
            mine = agent if number % 3 else None
            _bring(talk, customer, order, number, topics, labels[1:2], began, random, agent=mine, status=status)
    learn_now()


def _macros(topics: dict[str, Topic]) -> None:
    """What one key does, and what stands below answers."""
    for name, key, topic, shortcut in _MACROS:
        if not Macro.objects.filter(name=name).exists():
            answer = Canned.objects.get(shortcut=shortcut)
            steps = [
                {"do": "topic", "value": topics[topic].public_id},
                {"do": "answer", "value": answer.public_id},
                {"do": "close"},
            ]
            setting_up.save_macro(name=name, key=key, steps=steps)
    for language, text in _SIGNATURES:
        setting_up.save_signature(text=text, language=language)


def _promise() -> None:
    """What is promised to whom, and that it is told at once."""
    calendar = Calendar.objects.filter(is_default=True).first()
    for key, name, first, following, solution in _PROMISES:
        category = Category.objects.filter(key=key).first()
        if category is not None and not Promise.objects.filter(category=category).exists():
            minutes = {"first_minutes": first, "next_minutes": following, "solution_minutes": solution}
            save_promise(values={"name": name, "calendar": calendar, "category": category, **minutes})
    if not telling.current().is_on:
        acknowledgement.change(is_on=True, ways=[str(way) for way in telling.USUAL_WAYS], texts={})


def _people() -> list[tuple[Customer, Order]]:
    """Who asks, and about which order: buyers with an address, each with their newest order."""
    found: list[tuple[Customer, Order]] = []
    buyers = Customer.objects.filter(orders_count__gte=2, is_listed=True).order_by("-last_order_at", "pk")
    for customer in buyers[: 3 * (_SETTLED + _OPEN)]:
        order = Order.objects.filter(customer=customer).order_by("-placed_at", "-pk").first()
        if customer.email and order is not None and len(found) < _SETTLED + _OPEN:
            found.append((customer, order))
    # not the best customers first, then the others: mixed, and the same in every demo shop
    return found[::3] + found[1::3] + found[2::3]


def _bring(
    talk: Talk,
    customer: Customer,
    order: Order,
    number: int,
    topics: dict[str, Topic],
    labels: Sequence[Label],
    began: dt.datetime,
    random: Random,
    *,
    agent: User | None,
    status: str,
) -> None:
    line = order.lines.order_by("pk").first()
    item = (line.title if line is not None else "").strip().lower() or "parcel"
    values = {"item": item[:40], "order": order.number, "name": customer.given_name or customer.name}
    said = list(_said(talk, values, began, random, agent=agent, is_answered=status in {Status.CLOSED, Status.WAITING}))
    remember(
        customer,
        cause=f"demo inquiry {number}",
        by=talk.by,
        sender=customer.phone if talk.by == By.PHONE else customer.email,
        subject=talk.subject.format(**values),
        said=said,
        status=status,
        kind=talk.kind,
        topic=topics[talk.topic] if status == Status.CLOSED or number % 2 else None,
        assignee=agent,
        labels=labels if number % 5 == 0 else [],
        orders=[order] if "{order}" in talk.ask + talk.subject else [],
    )


def _said(
    talk: Talk,
    values: dict[str, str],
    began: dt.datetime,
    random: Random,
    *,
    agent: User | None,
    is_answered: bool,
) -> Iterator[Said]:
    yield Said(at=began, text=talk.ask.format(**values))
    if agent is None:
        return
    now = timezone.now()
    at = began + dt.timedelta(minutes=random.randint(9, 14))
    if talk.note and at < now:
        yield Said(at=at, text=talk.note, author=agent, is_note=True)
    if is_answered:
        at = min(now, _within_hours(began + dt.timedelta(minutes=random.choice((18, 35, 50, 75, 110, 160, 240, 420)))))
        yield Said(at=max(at, began), text=talk.answer.format(**values), author=agent)
        later = max(at, began) + dt.timedelta(minutes=random.randint(20, 200))
        if talk.thanks and later < now:
            yield Said(at=later, text=talk.thanks.format(**values))


def _working_moment(day: dt.datetime, random: Random) -> dt.datetime:
    """A moment of a working day near this one, in the shop's hours."""
    local = day.astimezone(shop.zone())
    while local.weekday() > 4:
        local -= dt.timedelta(days=1)
    return local.replace(hour=random.randint(_OPENING, _CLOSING - 2), minute=random.randint(0, 59), second=0)


def _within_hours(moment: dt.datetime) -> dt.datetime:
    """The moment itself where the shop works then, else the next morning at which it does."""
    local = moment.astimezone(shop.zone())
    if local.hour >= _CLOSING or local.weekday() > 4:
        local = local.replace(hour=_OPENING, minute=local.minute) + dt.timedelta(days=1)
    while local.weekday() > 4:
        local += dt.timedelta(days=1)
    return local
