"""The library of templates: made, written in languages, shown for a real person, and never sent with a gap."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.customers.actions import create_customer
from regulars.messaging import library
from regulars.messaging.models import Message, Template
from regulars.messaging.templating import BadTemplate, MissingValues, ready, values
from regulars.messaging.templating.design import design, html_of, plain_of

pytestmark = pytest.mark.django_db
LIBRARY = "/settings/messages/templates"


def made(name="Birthday", from_ready="birthday", **more):
    return library.add_template(name=name, purpose="marketing", from_ready=from_ready, **more)


def wrong_with(**said):
    return library.problems_of("email", {"subject": "S", "text": "T", "mjml": "", **said})


@pytest.mark.parametrize("one", ready.ALL, ids=lambda one: one.key)
def test_every_ready_text_is_filled_in_both_languages(one):
    shop.change(name="Hain & Hafen")
    template = library.add_template(name="x", purpose=one.purpose, from_ready=one.key)
    assert set(one.said) == {"en", "zh-hans"}
    for language in one.said:
        version = library.version_of(template, language)
        said = {"subject": version.subject, "text": version.text, "mjml": version.mjml}
        assert library.problems_of("email", said) == {}
        filled = library.fill(version, values.examples())
        assert "{{" not in filled.subject + filled.text + filled.html
        assert "Hain & Hafen" in filled.text
        assert "Hain &amp; Hafen" in filled.html
        assert ("https://hainhafen.example/no/example" in filled.html) == (one.purpose == "marketing")


def test_a_template_without_a_value_is_not_filled_and_says_which():
    version = library.version_of(made(), "en")
    with pytest.raises(MissingValues) as told:
        library.fill(version, values.gather(link={"url": "https://a.example", "unsubscribe": "https://b.example"}))
    assert told.value.names == ("mail.coupon", "mail.days")


def test_each_change_is_a_version_and_the_newest_of_the_nearest_language_holds():
    template = made()
    library.write_template(template, language="de", subject="Alles Gute", text="Hallo {{ customer.name }}")
    library.write_template(template, language="de", subject="Alles Gute!", text="Hallo {{ customer.name }}")
    library.write_template(template, language="de", subject="Alles Gute!", text="Hallo {{ customer.name }}")
    assert [row.number for row in template.versions.filter(language="de").order_by("number")] == [1, 2]
    assert library.version_for(template, "de-AT").subject == "Alles Gute!"
    assert library.version_for(template, "zh-TW").language == "zh-hans"
    assert library.version_for(template, "it").language == "en"


def test_what_cannot_be_filled_is_not_kept():
    assert wrong_with() == {}
    assert "customer.frist_name" in wrong_with(text="{{ customer.frist_name }}")["text"][0]
    assert set(wrong_with(subject="{{ x", mjml="<mjml>")) == {"subject", "mjml"}
    template = made()
    with pytest.raises(Invalid):
        library.write_template(template, language="en", subject="", text="T")
    assert library.version_of(template, "en").number == 1
    with pytest.raises(Invalid, match="already"):
        made()


HOSTILE = (
    '<mj-include path="/etc/passwd"/>',
    "<mj-raw><script>alert(1)</script></mj-raw>",
    '<mj-text><a href="javascript:alert(1)">x</a></mj-text>',
    '<mj-text><img src="x" onerror="alert(1)"></mj-text>',
    '<mj-button href="data:text/html,x">x</mj-button>',
    '<mj-raw><form action="https://a.example"><input></form></mj-raw>',
    "<mj-raw><iframe src='https://a.example'></iframe></mj-raw>",
    "<mj-raw>" + "<div>" * 20_000 + "</div>" * 20_000 + "</mj-raw>",
)


@pytest.mark.parametrize("part", HOSTILE, ids=lambda part: part[:30])
def test_no_design_holds_what_no_mail_may(part):
    with pytest.raises(BadTemplate):
        html_of(f"<mjml><mj-body>{part}</mj-body></mjml>")


def test_a_value_makes_no_markup_in_a_design():
    mjml = "<mjml><mj-body><mj-section><mj-column><mj-text>{{ x }}</mj-text></mj-column></mj-section></mj-body></mjml>"
    html = design(mjml, {"x": "</mj-text><mj-include path='/etc/passwd'/><b>&"})
    assert "&lt;/mj-text&gt;&lt;mj-include" in html
    assert "root:" not in html


def test_plain_text_is_made_of_html():
    html = '<style>p{}</style><p>Hello&nbsp;<b>you</b></p><p><a href="https://a.example/x">Look</a></p><br>&lt;end&gt;'
    assert plain_of(html) == "Hello you\nLook (https://a.example/x)\n\n<end>\n"


def test_staff_make_write_and_see_templates(client_of, ada):
    client = client_of(ada)
    assert "No template yet" in client.get(LIBRARY).content.decode()
    answer = client.post(
        f"{LIBRARY}/new",
        {"name": "Welcome", "folder": "Start", "purpose": "service", "way": "email", "from_ready": "welcome"},
    )
    template = Template.objects.get()
    assert answer.url == f"{LIBRARY}/{template.public_id}"
    assert "customer.first_name" in client.get(answer.url).content.decode()
    posted = {"language": "de", "subject": "Hallo", "text": "Hallo {{ customer.nmae }}", "mjml": ""}
    refused = client.post(answer.url, posted)
    assert (refused.status_code, "customer.nmae" in refused.content.decode()) == (422, True)
    assert client.post(answer.url, {**posted, "text": "Hallo {{ customer.name }}"}).status_code == 302
    assert library.version_of(template, "de").text == "Hallo {{ customer.name }}"
    client.post(f"{answer.url}/rename", {"name": "Willkommen", "folder": "", "purpose": "marketing"})
    assert "Willkommen" in client.get(LIBRARY).content.decode()
    client.post(f"{answer.url}/rename", {"archive": "1"})
    assert "Willkommen" not in client.get(LIBRARY).content.decode()
    assert "Willkommen" in client.get(f"{LIBRARY}?past=1").content.decode()


def test_the_preview_shows_a_real_person_and_names_what_is_missing(client_of, ada):
    create_customer(values={"name": "Élodie <i>M", "given_name": "Élodie", "email": "elodie@posteo.example"})
    template = made()
    address = f"{LIBRARY}/{template.public_id}/preview"
    said = {
        "language": "en",
        "subject": "S",
        "text": "Hello {{ customer.first_name }} {{ customer.company }}",
        "mjml": "",
    }
    client = client_of(ada)
    told = client.post(address, {**said, "person": "elodie@posteo.example"})
    assert "customer.company" in told.content.decode()
    assert "sandbox" in told["Content-Security-Policy"]
    shown = client.post(address, {**said, "text": "Hello {{ customer.name }}", "person": "elodie@posteo.example"})
    assert "Hello Élodie &lt;i&gt;M" in shown.content.decode()
    assert "Jonas" in client.post(address, {**said, "text": "{{ customer.first_name }}"}).content.decode()
    assert "no customer" in client.post(address, {**said, "person": "nobody@posteo.example"}).content.decode()


def test_a_test_goes_to_whoever_asks_and_to_nobody_else(client_of, ada):
    template = made()
    posted = {"language": "en", "subject": "S", "text": "{{ agent.name }}", "mjml": "", "person": ""}
    assert client_of(ada).post(f"{LIBRARY}/{template.public_id}/test", posted).status_code == 302
    message = Message._base_manager.get()
    assert (message.to, message.subject) == (ada.email, "Test: S")


def test_charlie_sees_no_template(client_of, charlie):
    template = made()
    client = client_of(charlie)
    assert client.get(LIBRARY).status_code == 403
    for page in ("", "/preview", "/rename", "/test"):
        assert client.post(f"{LIBRARY}/{template.public_id}{page}", {"text": "x"}).status_code == 403
    assert template.versions.count() == 2


def test_the_library_asks_the_same_for_one_and_for_three(client_of, ada):
    client = client_of(ada)
    client.get(LIBRARY)
    counts = []
    for number in (1, 2, 3):
        made(name=f"Template {number}")
        if number != 2:
            with CaptureQueriesContext(connection) as queries:
                client.get(LIBRARY)
            counts.append(len(queries))
    assert counts[0] == counts[1]
