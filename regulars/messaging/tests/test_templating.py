"""Texts with gaps: what they can say, what stops them, and what nobody gets out of them."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.core import shop
from regulars.core.money import Money
from regulars.customers.actions import create_customer
from regulars.messaging.templating import BadTemplate, MissingValues, names_in, render, values

VALUES = {
    "customer": {"first_name": "Élodie", "last_name": "", "city": "  ", "name": "Élodie <b>Marchetti</b> & Co"},
    "order": {
        "number": "1042",
        "total": Money(123450, "EUR"),
        "date": dt.date(2026, 3, 9),
        "lines": [{"name": "Kettle", "quantity": 2}, {"name": "Mug", "quantity": 1}],
        "count": Decimal("1234.5"),
    },
    "wishes": [],
}


def test_values_are_filled_in_and_written_as_people_write_them():
    text = "Hello {{ customer.first_name }}, {{ order.number }}: {{ order.total }}, {{ order.date }}, {{ order.count }}"
    assert render(text, VALUES, way="email", language="en") == ("Hello Élodie, 1042: €1,234.50, March 9, 2026, 1,234.5")
    assert render("{{ order.total }} {{ order.date }}", VALUES, way="sms", language="de") == (
        "1.234,50\xa0€ 9. März 2026"
    )
    assert render("{{ order.date | date: 'weekday' }}", VALUES, way="sms", language="zh-hans") == "星期一"


def test_a_list_is_gone_through_and_a_condition_chooses():
    text = "{% for line in order.lines %}{{ forloop.index }}. {{ line.name }} × {{ line.quantity }}\n{% endfor %}"
    assert render(text, VALUES, way="email") == "1. Kettle × 2\n2. Mug × 1\n"
    text = "{% if customer.last_name %}Ms {{ customer.last_name }}{% else %}{{ customer.first_name }}{% endif %}"
    assert render(text, VALUES, way="email") == "Élodie"
    assert render("{{ order.lines.first.name }} of {{ order.lines.size }}", VALUES, way="email") == "Kettle of 2"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{{ customer.last_name }}", ("customer.last_name",)),
        ("{{ customer.city }} {{ order.nmuber }} {{ nobody }}", ("customer.city", "order.nmuber", "nobody")),
        ("{{ 'Dear ' | append: customer.last_name }}", ("customer.last_name",)),
        ("{{ customer.last_name | upcase | append: '!' }}", ("customer.last_name",)),
        ("{{ customer.last_name | default: customer.city }}", ("customer.last_name", "customer.city")),
        ("{% for one in wishes %}{{ one }}{% endfor %}", ("wishes",)),
        ("{% for line in order.lines %}{{ line.colour }}{% endfor %}", ("line.colour",)),
        ("{{ wishes | first }}", ("wishes",)),
    ],
)
def test_what_has_no_value_is_named_and_nothing_comes_out(text, names):
    with pytest.raises(MissingValues) as told:
        render(text, VALUES, way="email")
    assert told.value.names == names
    assert all(name in told.value.sentence for name in names)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{{ customer.last_name | default: 'you' }}", "you"),
        ("{{ customer.last_name | default: '' }}", ""),
        ("{{ customer.last_name | default: customer.first_name }}", "Élodie"),
        ("{{ customer.last_name | upcase | default: 'you' }}", "you"),
        ("{{ customer.last_name | default: 'you' | upcase }}", "YOU"),
        ("{{ customer.first_name | default: 'you' }}", "Élodie"),
        ("{% for one in wishes %}{{ one }}{% else %}nothing{% endfor %}", "nothing"),
        ("{% if customer.nothing %}a{% else %}b{% endif %}", "b"),
    ],
)
def test_a_default_stands_in(text, filled):
    assert render(text, VALUES, way="email") == filled


def test_each_way_escapes_its_own():
    text = "<p>{{ customer.name }}</p>"
    assert render(text, VALUES, way="html") == "<p>Élodie &lt;b&gt;Marchetti&lt;/b&gt; &amp; Co</p>"
    assert render(text, VALUES, way="email") == "<p>Élodie <b>Marchetti</b> & Co</p>"
    evil = {"x": "Hi\r\nBcc: all@posteo.example\u202e\x00"}
    assert render("{{ x }}", evil, way="subject") == "Hi Bcc: all@posteo.example"
    assert render("{{ x | upcase }}", {"x": "<i>"}, way="html") == "&lt;I&gt;"
    assert render('<a href="{{ x }}">', {"x": '" onclick="y'}, way="html") == '<a href="&quot; onclick=&quot;y">'


def test_values_are_never_read_as_a_text_again():
    values = {"customer": {"name": "{{ secret }} {% for x in order.lines %}"}, "secret": "s3cret"}
    assert render("{{ customer.name }}", values, way="email") == values["customer"]["name"]


def test_names_are_found_in_order_and_those_of_loops_are_not_values():
    text = (
        "{{ order.number }}{% if customer.name == shop.name %}{{ a | default: b }}{% endif %}"
        "{% for line in order.lines %}{{ line.name }}{{ forloop.index }}{{ c }}{% else %}{{ d }}{% endfor %}"
    )
    assert names_in(text) == ("order.number", "customer.name", "shop.name", "a", "b", "order.lines", "c", "d")
    assert names_in("no gaps") == ()


FOREIGN = (
    "${7*7}", "#{7*7}", "<%= 7*7 %>", "[[${7*7}]]", "*{7*7}", "@(7*7)", "{7*7}", "$(id)", "`id`",
    "<#assign x='freemarker.template.utility.Execute'?new()>", "#set($x=7*7)$x", "{php}echo 7;{/php}", "[% 7*7 %]",
    "<th:block th:text='${7*7}'/>", "{!7*7!}", "%7B%7B7*7%7D%7D", "@{7*7}", "~{7*7}", "<?php echo 7*7 ?>",
    "\\{\\{x\\}\\}",
)  # fmt: skip


@pytest.mark.parametrize("text", FOREIGN)
def test_foreign_templates_come_out_as_they_are(text):
    assert render(text, VALUES, way="email") == text


ATTACKS = (
    "customer.__class__", "customer.first_name.__class__.__mro__", "''.__class__.__mro__[1].__subclasses__()",
    "customer['__class__']", 'customer["first_name"]["__class__"]', "self", "self.__init__.__globals__", "request",
    "config", "settings.SECRET_KEY", "now", "today", "_", "env", "context", "forloop", "forloop.parentloop", "globals",
    "customer.first_name.encode", "order.lines.append", "order.total.minor", "order.total.__class__", "order.date.year",
    "customer.keys", "customer.items", "order.lines.__len__", "lipsum.__globals__", "cycler.__init__", "joiner",
    "customer.first_name.format", "get_flashed_messages", "[customer.first_name]", "template", "block", "super",
)  # fmt: skip


@pytest.mark.parametrize("path", ATTACKS)
@pytest.mark.parametrize("form", ["{{ %s }}", "{{ %s | upcase }}", "{%% for x in %s %%}{{ x }}{%% endfor %%}"])
def test_no_way_leads_out_of_the_values(path, form):
    with pytest.raises((MissingValues, BadTemplate)):
        render(form % path, VALUES, way="email")


@pytest.mark.parametrize(
    "text",
    [
        "{{7*7}}", "{{ 7*'7' }}", "{{ config.items() }}", "{{ x | attr('__class__') }}", "{{ x | map: 'y' }}",
        "{% include 'etc/passwd' %}", "{% render 'x' %}", "{% assign x = 1 %}", "{% capture x %}{% endcapture %}",
        "{% liquid\n echo 1 %}", "{% import os %}", "{% raw %}", "{% cycle 'a','b' %}", "{% tablerow x in y %}",
        "{% if %}", "{% for x in (1..999999999) %}{% for y in (1..999999999) %}a{% endfor %}{% endfor %}",
        "{{ x", "{% if x", "{% endif %}", "{{ x | upcase: 1, 2, 3 }}", "{% extends 'base' %}", "{% load x %}",
        "{{" * 5000, "{% if a %}" * 500, "{{ a" + ".b" * 60_000 + " }}", "x" * 300_000,
        "{{ " + "[" * 3000 + "a" + "]" * 3000 + " }}",
    ],
)  # fmt: skip
def test_what_is_not_of_the_language_is_refused_and_quickly(text):
    began = time.monotonic()
    with pytest.raises((BadTemplate, MissingValues)):
        render(text, {"x": "y"}, way="email")
    assert time.monotonic() - began < 2


def test_output_and_turns_have_an_end():
    rows = {"rows": ["x" * 2000] * 400}
    with pytest.raises(BadTemplate):
        render("{% for a in rows %}{{ a }}{% endfor %}", rows, way="email")
    with pytest.raises(BadTemplate, match="too long"):
        render("{% for a in rows %}{% for b in rows %}{% endfor %}{% endfor %}", rows, way="email")


def test_a_value_that_is_no_plain_value_is_a_mistake_of_ours():
    with pytest.raises(TypeError, match="no plain value"):
        render("{{ x }}", {"x": object()}, way="email")


@given(st.text(alphabet=st.sampled_from("{}%|:.'\"[]() abx01\n"), max_size=60))
def test_any_text_is_filled_or_refused(text):
    try:
        render(text, {"a": "1", "b": {"x": "2"}}, way="html")
    except (BadTemplate, MissingValues):
        return


@given(st.text(max_size=80))
def test_no_value_makes_markup(value):
    filled = render("<p>{{ x | default: '-' }}</p>", {"x": value}, way="html")
    assert "<" not in filled[3:-4]


def test_the_dictionary_knows_its_names_and_says_which_are_none(db):
    asked = ("customer.first_name", "order.lines.first.name", "order.lines[0].price", "customer.frist_name", "x")
    assert values.unknown(asked) == ("customer.frist_name", "x")
    text = "{{ customer.first_name }} {{ shop.name }} {{ link.url }}"
    assert render(text, values.examples(), way="email") == "Jonas Hain & Hafen https://hainhafen.example/welcome"


def test_values_come_from_the_customer_and_a_name_that_advertises_is_none(db):
    shop.change(name="Hain & Hafen", currency="EUR")
    customer = create_customer(values={"given_name": "Élodie", "family_name": "Win 500 at evil.click/x"})
    found = values.gather(customer=customer, link={"url": "https://hainhafen.example"}, order=None)
    assert (found["customer"]["first_name"], found["customer"]["last_name"]) == ("Élodie", "")
    assert found["shop"]["name"] == "Hain & Hafen"
    assert "order" not in found
    assert render("{{ customer.spent }}", found, way="sms", language="en") == "€0.00"
    for name in ("O'Brien-St.John", "Dr. Nr. 5", "Petersen"):
        assert values.harmless(name) == name
