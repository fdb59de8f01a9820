"""Articles: written by the team with every former text kept, read and found by everybody, counted without anybody."""

import datetime as dt
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from regulars.core.errors import Invalid, Stale
from regulars.core.text import fold
from regulars.customers.actions import create_customer
from regulars.inbox.actions.remembering import Said, remember
from regulars.inbox.articles import counting, languages, offering, reading, rendering, words, writing
from regulars.inbox.articles.searching import find
from regulars.inbox.facts import InquiryAnswered
from regulars.inbox.models import (
    Article,
    ArticleMiss,
    ArticleSection,
    ArticleText,
    ArticleVersion,
    ArticleWord,
    By,
    Post,
)
from regulars.timeline.actions import record
from regulars.timeline.models import Entry

RETURNS = ("Returning something", "You have **30 days** to send things back.\n\nThe label is in the box.")
CHINESE = ("如何退货", "您可以在 **30 天**内退货，运费由我们承担。")


@pytest.fixture
def section(db):
    return writing.save_section(names={"en": "Orders", "zh-hans": "订单"}, slug="orders")


@pytest.fixture
def returns(section):
    row = writing.create(texts={"en": RETURNS, "zh": CHINESE}, slug="returns", section=section)
    return writing.set_state(row, state="published")


def text_of(article, language="en"):
    return ArticleText.objects.get(article=article, language=language)


# ── writing


def test_a_new_article_is_a_draft_with_its_first_version_told_and_indexed(section, ada):
    row = writing.create(texts={"en": RETURNS}, section=section)
    assert (row.slug, row.state, row.position, row.published_at) == ("returning-something", "draft", 1, None)
    assert list(ArticleVersion.objects.values_list("language", "number", "title")) == [("en", 1, RETURNS[0])]
    assert Entry.objects.get(name="article.changed").data == {
        "article": row.public_id, "slug": "returning-something", "deed": "written", "language": "",
    }  # fmt: skip
    assert ArticleWord.objects.filter(text__article=row, word=b"return").count() == 1


def test_changing_keeps_the_former_text_and_restoring_is_a_version_too(returns):
    changed = writing.change(returns, values={}, texts={"en": ("Returns", "Sixty days.")}, seen=returns.version)
    assert (changed.version, text_of(returns).body) == (returns.version + 1, "Sixty days.")
    first = ArticleVersion.objects.get(language="en", number=1)
    writing.restore(changed, version=first, seen=changed.version)
    assert (text_of(returns).title, text_of(returns).body) == RETURNS
    assert list(ArticleVersion.objects.filter(language="en").values_list("number", "title")) == [
        (1, RETURNS[0]), (2, "Returns"), (3, RETURNS[0]),
    ]  # fmt: skip
    assert text_of(returns, "zh-hans").title == CHINESE[0]


def test_two_who_edit_do_not_overwrite_each_other(returns):
    seen = returns.version
    writing.change(returns, values={}, texts={"en": ("Returns", "Sixty days.")}, seen=seen)
    with pytest.raises(Stale):
        writing.change(returns, values={}, texts={"en": ("Returns", "Ten days.")}, seen=seen)
    assert text_of(returns).body == "Sixty days."


def test_saving_what_it_says_already_changes_and_tells_nothing(returns):
    before = Entry.objects.count()
    assert writing.change(returns, values={}, texts={"en": RETURNS}, seen=None).version == returns.version
    assert Entry.objects.count() == before


@pytest.mark.parametrize(
    ("texts", "field"),
    [({}, "title"), ({"en": ("", "x")}, "title"), ({"en": ("x", " \n ")}, "body"), ({"xx": ("x", "y")}, "language"),
     ({"en": ("x" * 151, "y")}, "title"), ({"en": ("x", "y" * 50_001)}, "body"), ({"en": ("x", "a\0b")}, "body")],
)  # fmt: skip
def test_what_cannot_be_an_article_is_refused(db, texts, field):
    with pytest.raises(Invalid) as refused:
        writing.create(texts=texts)
    assert list(refused.value.fields) == [field]
    assert not Article.objects.exists()


def test_an_address_is_made_of_the_title_taken_once_and_stays_when_published(returns):
    chinese = writing.create(texts={"zh-hans": CHINESE})
    assert chinese.slug == "ruhetuihuo"
    assert writing.create(texts={"en": ("Returns", "x")}).slug == "returns-2"
    with pytest.raises(Invalid):
        writing.create(texts={"en": RETURNS}, slug="returns")
    with pytest.raises(Invalid):
        writing.change(returns, values={"slug": "sending-back"}, seen=None)
    assert writing.change(chinese, values={"slug": "Tui huo"}, seen=None).slug == "tui-huo"


def test_markdown_keeps_its_indentation(db):
    row = writing.create(texts={"en": ("List", "- a\r\n    - b\r\n\r\n\r\n\r\n\tcode  two")})
    assert text_of(row).body == "- a\n    - b\n\n\n\n    code two"


# ── what comes out


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("# One\n\n**bold** [a](https://x.example)",
         '<h2>One</h2>\n<p><strong>bold</strong> <a href="https://x.example" rel="noopener nofollow">a</a></p>\n'),
        ("## Two\n\n##### Five", "<h2>Two</h2>\n<h4>Five</h4>\n"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>\n"),
        ("![x](https://evil.example/a.png)",
         '<p>!<a href="https://evil.example/a.png" rel="noopener nofollow">x</a></p>\n'),
    ],
)  # fmt: skip
def test_markdown_becomes_a_page_without_anything_active(body, html):
    assert rendering.html(body) == html


def test_a_text_without_marks_is_for_descriptions_and_mails():
    body = "## Post\n\nWe send *daily*.\n\n- [DHL](https://dhl.example)\n- UPS"
    assert rendering.plain(body) == "Post\n\nWe send daily.\n\nDHL\nUPS"
    assert rendering.plain(body, with_addresses=True) == (
        "Post\n\nWe send daily.\n\n- DHL (https://dhl.example)\n- UPS"
    )
    assert rendering.plain("1. a\n2. b\n\n| A | B |\n|---|---|\n| c | d |", with_addresses=True) == (
        "1. a\n2. b\nA · B\nc · d"
    )
    assert rendering.summary("word " * 60).endswith("word…")


@pytest.mark.parametrize(
    ("header", "wanted"),
    [("zh-CN,zh;q=0.9,en;q=0.8", ["zh-hans", "en"]), ("fr;q=0.2, de-AT", ["de", "fr"]), ("tlh, *;q=0.5", []), ("", []),
     ("en;q=x, es", ["es"])],
)  # fmt: skip
def test_languages_of_a_browser_are_read(header, wanted):
    assert languages.asked_by(header) == wanted


# ── finding


@pytest.mark.parametrize(
    ("asked", "is_found"),
    [("return", True), ("How do I return something?", True), ("RETURNS", True), ("days labels", True), ("退货", True),
     ("怎么退货？", True), ("退貨運費", True), ("货", True), ("giraffe", False), ("大象", False), ("", False),
     ("?!", False)],
)  # fmt: skip
def test_it_is_found_by_words_of_any_language(returns, asked, is_found):
    assert find(asked, states=["published"]) == ([returns.pk] if is_found else [])
    assert find(asked, states=["draft"]) == []


def test_what_says_it_in_its_title_comes_first(returns):
    other = writing.create(texts={"en": ("Gift cards", "A gift card can be used for thirty days, then return it.")})
    writing.set_state(other, state="published")
    assert find("return", states=["published"]) == [returns.pk, other.pk]
    assert find("gift return", states=["published"]) == [other.pk, returns.pk]


def test_a_thousand_articles_are_searched_quickly(db):
    said = "The parcel leaves the harbour in a dry box. 茶叶保持干燥。"
    Article.objects.bulk_create([Article(slug=f"a-{n}", state="published") for n in range(1000)])
    rows = list(Article.objects.values_list("pk", flat=True))
    ArticleText.objects.bulk_create(
        [ArticleText(article_id=pk, language="en", title=f"Article {pk}", body=said) for pk in rows]
    )
    index = words.of_text("Article", said)
    texts = ArticleText.objects.values_list("pk", flat=True)
    ArticleWord.objects.bulk_create(
        [ArticleWord(text_id=pk, word=word, weight=weight) for pk in texts for word, weight in index.items()],
        batch_size=5000,
    )
    taken = []
    for asked in ("parcel box", "dry box harbour", "茶叶干燥", "parcel box"):
        began = time.perf_counter()
        assert len(find(asked, states=["published"])) == 20
        taken.append(time.perf_counter() - began)
    assert min(taken) < 0.05, taken


def test_folding_of_words_is_that_of_the_house():
    assert words.of_question(fold("Größe der Tassen")) == words.of_question("GRÖSSE TASSEN")


# ── the public pages


def test_the_help_centre_shows_sections_and_articles_in_the_visitors_language(client, returns):
    page = client.get("/help", headers={"Accept-Language": "zh-CN"}).content.decode()
    assert '<html lang="zh-Hans">' in page
    assert ("订单" in page, "如何退货" in page, "Returning something" in page) == (True, True, False)
    english = client.get("/help", headers={"Accept-Language": "fr"}).content.decode()
    assert ("Orders" in english, "Returning something" in english) == (True, True)
    assert client.get("/help?section=orders").status_code == 200
    assert client.get("/help?section=nothing").status_code == 404


def test_an_article_has_all_that_search_engines_read(client, returns, settings):
    settings.PUBLIC_URL = "https://shop.example"
    answer = client.get("/help/returns?lang=en")
    page = answer.content.decode()
    for part in (
        "<title>Returning something · ",
        '<meta name="description" content="You have 30 days to send things back. The label is in the box.">',
        '<link rel="canonical" href="https://shop.example/help/returns?lang=en">',
        '<link rel="alternate" hreflang="zh-Hans" href="https://shop.example/help/returns?lang=zh-Hans">',
        '<link rel="alternate" hreflang="x-default" href="https://shop.example/help/returns">',
        "<strong>30 days</strong>",
    ):
        assert part in page, part
    assert "noindex" not in page
    assert (answer["Cache-Control"], answer["Content-Language"]) == ("public, no-cache", "en")
    assert "Accept-Language" in answer["Vary"]
    assert not answer.cookies
    again = client.get("/help/returns?lang=en", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_drafts_archived_ones_and_a_closed_centre_are_nothing(client, returns, client_of, ben):
    draft = writing.create(texts={"en": ("Secret plan", "Nobody knows.")}, slug="secret")
    assert client.get("/help/secret").status_code == 404
    assert "Secret plan" not in client.get("/help?q=secret").content.decode()
    shown = client_of(ben).get(f"/inbox/articles/{draft.public_id}/page")
    assert (shown.status_code, shown["X-Robots-Tag"]) == (200, "noindex, nofollow, noarchive")
    assert "Secret plan" in shown.content.decode()
    client.logout()
    writing.set_state(returns, state="archived")
    assert (client.get("/help/returns").status_code, client.get("/help").status_code) == (404, 404)
    writing.set_state(returns, state="published")
    writing.open_centre(is_on=False)
    for path in ("/help", "/help/returns", "/help?q=return"):
        assert client.get(path).status_code == 404
    assert client.post("/help/returns/said", {"helpful": "yes"}).status_code == 404


def test_a_page_of_the_help_centre_asks_as_often_for_three_articles_as_for_one(client, returns, section):
    def asked():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get("/help").status_code == 200
        return len(queries)

    client.get("/help")
    one = asked()
    for number in (2, 3):
        row = writing.create(texts={"en": (f"Number {number}", "x")}, section=section)
        writing.set_state(row, state="published")
    assert asked() == one


# ── counting


def test_a_look_counts_once_and_those_of_robots_and_of_the_team_do_not(client, returns, client_of, ben):
    client.get("/help/returns?lang=en")
    client.get("/help/returns?lang=en", headers={"User-Agent": "Googlebot/2.1"})
    client.get("/help/returns?lang=en", headers={"Sec-Purpose": "prefetch"})
    client.head("/help/returns?lang=en")
    client_of(ben).get("/help/returns?lang=en")
    assert (text_of(returns).views, text_of(returns, "zh-hans").views) == (1, 0)


def test_a_vote_counts_once_an_hour_from_one_network(client, returns):
    answer = client.post("/help/returns/said?lang=en", {"helpful": "yes"})
    assert (answer.status_code, answer.url) == (302, "/help/returns?lang=en&thanks=yes#said")
    assert "Good that it helped" in client.get(answer.url).content.decode()
    assert client.post("/help/returns/said?lang=en", {"helpful": "no"}).status_code == 429
    assert client.post("/help/returns/said?lang=zh", {"helpful": "no"}).status_code == 302
    assert client.post("/help/returns/said?lang=en", {"helpful": "maybe"}).status_code == 404
    elsewhere = client.post("/help/returns/said?lang=en", {"helpful": "no"}, REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 302
    said = [(one.language, one.helpful, one.unhelpful) for one in ArticleText.objects.order_by("language")]
    assert said == [("en", 1, 1), ("zh-hans", 0, 1)]


@pytest.mark.parametrize(
    ("asked", "kept"),
    [("Gift Wrap", "gift wrap"), ("order 2026-11-4711 missing", "order missing"), ("mail anna@post.example", "mail"),
     ("anna@post.example", ""), ("+49 170 1234567", "+"), ("ab 4711", "ab 4711"), ("a\0b", ""), ("x" * 300, "x" * 80)],
)  # fmt: skip
def test_what_is_kept_of_a_search_names_nobody(asked, kept):
    assert counting.without_people(asked) == kept


def test_what_was_not_found_is_counted_by_the_day_and_forgotten_after_90(client, returns):
    for asked in ("Giraffe", "giraffe", "return", "giraffe 0170 1234567"):
        assert client.get("/help", {"q": asked}).status_code == 200
    assert [(one.text, one.count) for one in ArticleMiss.objects.all()] == [("giraffe", 3)]
    ArticleMiss.objects.update(day=timezone.now().date() - dt.timedelta(days=91))
    assert counting.forget_misses() == 1
    assert not ArticleMiss.objects.exists()


# ── in answers


@pytest.fixture
def conversation(db, ada):
    customer = create_customer(values={"name": "Li Wei", "email": "li@post.example", "language": "zh-hans"})
    began = timezone.now() - dt.timedelta(hours=1)
    return remember(
        customer,
        cause="1",
        by=By.EMAIL,
        subject="退货",
        sender="li@post.example",
        said=[Said(at=began, text="可以退货吗？")],
    )


def test_articles_are_offered_for_an_answer_in_the_customers_language(conversation, returns, client_of, ben, settings):
    settings.PUBLIC_URL = "https://shop.example"
    (one,) = offering.offered(conversation, "return")
    assert one.link == "如何退货\nhttps://shop.example/help/returns?lang=zh-Hans"
    assert one.text == "您可以在 30 天内退货，运费由我们承担。"
    assert offering.offered(conversation, "") == []
    page = client_of(ben).get(f"/inbox/{conversation.public_id}/canned?q=退货").content.decode()
    assert ("https://shop.example/help/returns?lang=zh-Hans" in page, "No canned answer fits" in page) == (True, False)
    writing.open_centre(is_on=False)
    assert offering.offered(conversation, "return")[0].link == ""
    writing.set_state(returns, state="draft")
    assert offering.offered(conversation, "return") == []


def test_an_answer_that_left_counts_the_articles_it_links_to(conversation, returns, ada):
    post = Post.objects.filter(conversation=conversation).first()
    post.text = f"Look: {reading.address(returns, 'en')} and {reading.address(returns)}, not /help/nothing."
    post.save()
    fact = InquiryAnswered(conversation=conversation.public_id, post=post.public_id, by="email")
    record(fact, customer=conversation.customer, subject=conversation)
    assert Article.objects.get(pk=returns.pk).sent_count == 1


# ── the pages of the team, and programs


def test_the_team_writes_publishes_changes_and_takes_back(client_of, ada):
    client = client_of(ada)
    made = client.post("/inbox/articles/new", {"language": "en", "title": "Tea", "body": "Keep it dry."})
    row = Article.objects.get()
    assert (made.status_code, made.url) == (302, f"/inbox/articles/{row.public_id}?language=en")
    address = f"/inbox/articles/{row.public_id}"
    client.post(f"{address}/state", {"state": "published", "seen": row.version})
    assert client.get("/help/tea").status_code == 200
    shown = client.get(f"/inbox/articles/{row.public_id}").content.decode()
    assert ("Version 1" in shown, "Ada Owner" in shown) == (True, True)
    said = {"language": "zh-hans", "title": "茶叶", "body": "保持干燥。", "seen": 2, "position": 5}
    assert client.post(address, said).status_code == 302
    crossed = client.post(address, said | {"title": "茶", "body": "不要受潮。"})
    assert crossed.status_code == 412
    page = crossed.content.decode()
    assert ("不要受潮。" in page, "保持干燥。" in page, 'name="seen" value="3"' in page) == (True, True, True)
    assert ArticleText.objects.get(language="zh-hans").title == "茶叶"
    client.post(f"{address}/state?state=draft")
    assert client.get("/help/tea").status_code == 404
    version = ArticleVersion.objects.get(language="en")
    restored = client.post(f"{address}/restore", {"version": version.pk, "seen": 4})
    assert restored.status_code == 302
    client.post(f"{address}/texts/gone", {"language": "en", "seen": 4})
    assert list(ArticleText.objects.values_list("language", flat=True)) == ["zh-hans"]
    assert client.post("/inbox/articles/preview", {"title": "T", "body": "# H"}).content.count(b"<h2>H</h2>") == 1


def test_the_list_filters_and_asks_as_often_for_three_as_for_one(client_of, ben, returns, section):
    client = client_of(ben)

    def listed(**asked):
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/inbox/articles", asked).content.decode()
        return len(queries), [title for title in ("Returning something", "Tea", "Cups") if title in page]

    listed()
    one, _titles = listed()
    writing.create(texts={"en": ("Tea", "Keep it dry.")})
    cups = writing.create(texts={"de": ("Cups", "Tassen")}, section=section)
    writing.set_state(cups, state="archived")
    three, titles = listed()
    assert (three, titles) == (one, ["Returning something", "Tea"])
    for asked, titles in (
        ({"state": "archived"}, ["Cups"]), ({"q": "dry"}, ["Tea"]), ({"language": "zh-hans"}, []),
        ({"section": section.public_id}, ["Returning something"]), ({"q": "tassen"}, ["Cups"]),
    ):  # fmt: skip
        assert listed(**asked)[1] == titles, asked


def test_who_answers_may_read_and_not_write_and_charlie_may_nothing(client_of, ben, charlie, returns):
    address = f"/inbox/articles/{returns.public_id}"
    client = client_of(ben)
    assert client.get(address).status_code == 200
    said = {"language": "en", "title": "X", "body": "Y", "seen": returns.version}
    for path in (address, f"{address}/state", f"{address}/restore", "/inbox/articles/new", "/inbox/articles/centre"):
        assert client.post(path, said | {"state": "archived"}).status_code == 403
    client = client_of(charlie)
    assert [client.get(path).status_code for path in ("/inbox/articles", address, f"{address}/page")] == [403] * 3
    assert (Article.objects.get().version, text_of(returns).title) == (returns.version, RETURNS[0])


def test_programs_write_read_and_change_articles(api_of, ada, ben, section):
    api = api_of(ada)
    made = api.post("/articles", {"texts": {"en": {"title": "Tea", "body": "Keep it dry."}}, "state": "published",
                                  "section": section.public_id})  # fmt: skip
    assert made.status_code == 201, made.content
    one = made.json()
    assert (one["slug"], one["state"], one["section"], list(one["texts"])) == (
        "tea", "published", section.public_id, ["en"],
    )  # fmt: skip
    address = f"/articles/{one['id']}"
    etag = api.get(address)["ETag"]
    body = {"texts": {"zh-hans": {"title": "茶叶", "body": "保持干燥。"}}, "state": "draft"}
    assert api.patch(address, body).status_code == 428
    changed = api.patch(address, body, If_Match=etag)
    assert (changed.status_code, changed.json()["state"], list(changed.json()["texts"])) == (
        200, "draft", ["en", "zh-hans"],
    )  # fmt: skip
    assert api.patch(address, body, If_Match=etag).status_code == 412
    gone = api.patch(address, {"texts": {"en": None}}, If_Match="*")
    assert list(gone.json()["texts"]) == ["zh-hans"]
    assert [row["number"] for row in api.get(f"{address}/versions").json()["items"]] == [1, 1]
    assert [row["slug"] for row in api.get("/articles", {"q": "茶叶"}).json()["items"]] == ["tea"]
    assert api.get("/articles", {"state": "published"}).json()["items"] == []
    assert api.get("/article-sections").json()["items"][0]["names"] == {"en": "Orders", "zh-hans": "订单"}
    assert api.post("/article-sections", {"names": {"en": "Tea"}}).json()["slug"] == "tea"
    assert api_of(ben).post("/articles", {"texts": {"en": {"title": "X", "body": "Y"}}}).status_code == 403


def test_sections_and_the_centre_are_set_up_on_a_page(client_of, ada, section):
    client = client_of(ada)
    assert client.post("/inbox/articles/sections", {"name_en": "Tea", "position": 4}).status_code == 302
    assert client.post("/inbox/articles/sections", {"name_en": ""}).status_code == 422
    named = client.post(f"/inbox/articles/sections/{section.public_id}", {"name_en": "Post", "slug": "orders"})
    assert named.status_code == 302
    assert [(row.slug, row.names) for row in ArticleSection.objects.order_by("slug")] == [
        ("orders", {"en": "Post"}), ("tea", {"en": "Tea"}),
    ]  # fmt: skip
    client.post(f"/inbox/articles/sections/{section.public_id}/gone")
    assert list(ArticleSection.objects.values_list("slug", flat=True)) == ["tea"]
    client.post("/inbox/articles/centre", {})
    assert not reading.is_open()
    assert Entry.objects.filter(name="inbox.setting_changed", data__what="help centre").count() == 1
