import shutil

import pytest

from tools import css, install, messages, words


@pytest.mark.parametrize(
    ("sheet", "complaint"),
    [
        ("a { b: c }", None),
        ("/* { */ a::before { content: '{' }", None),
        ("@layer base {\n  a { b: c\n}\n@layer parts {\n}\n", "x.css:4: a layer begins inside what line 1 opened"),
        ("a { b: c }\n}", "x.css:2: a brace closes what nobody opened"),
        ("a { color: var(--inq) }", "x.css:1: --inq is not defined anywhere"),
        ("@layer tokens { :root { --ink: #000 } } a { color: var(--ink); width: var(--w, 1px) }", None),
        ("@import 'other.css';", "x.css:1: @import loads one sheet after another"),
    ],
)
def test_the_style_lint_finds(tmp_path, monkeypatch, sheet, complaint):
    folder = tmp_path / "regulars" / "core" / "static"
    folder.mkdir(parents=True)
    (folder / "x.css").write_text(sheet)
    monkeypatch.setattr(css, "ROOT", tmp_path)
    found = [one.rpartition("/")[2] for one in css.check()]
    assert found[0].startswith(complaint) if complaint else found == [], found


@pytest.mark.parametrize(
    ("line", "is_fine"),
    [
        ('<a class="x" href="/customers">', True),
        ('<a style="color: red">', False),
        ('<button onclick="go()">', False),
        ('<script src="{% static \'core/js/app.js\' %}" type="module"></script>', True),
        ("<script>go()</script>", False),
        ('<img src="https://elsewhere.example/x.png">', False),
        ("{{ name|safe }}", False),
    ],
)
def test_the_word_lint_knows_what_a_page_may_hold(tmp_path, line, is_fine):
    name = type(tmp_path)("regulars/core/templates/core/x.html")
    assert (words._about(name, line) == []) is is_fine


def test_a_mail_may_hold_styles_and_nothing_else_that_a_page_may_not(tmp_path):
    name = type(tmp_path)("regulars/messaging/templates/messaging/mail/x.html")
    assert words._about(name, '<p style="margin:0">') == []
    assert words._about(name, "<script>go()</script>") == ["an inline script; use a file"]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of one template and one module, with no catalogue yet."""
    (tmp_path / "regulars" / "core" / "templates").mkdir(parents=True)
    (tmp_path / "regulars" / "core" / "templates" / "x.html").write_text(
        "{% load i18n %}\n<p>{% translate 'Good morning' %}</p>\n    <i>\n  {% blocktranslate trimmed count n=n %}\n"
        "    {{ n }} order\n  {% plural %}\n    {{ n }} orders\n  {% endblocktranslate %}\n"
    )
    (tmp_path / "regulars" / "core" / "x.py").write_text('_("Refused by %(who)s")\n')
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    monkeypatch.setattr(messages, "PACKAGE", tmp_path / "regulars")
    return tmp_path / "regulars"


def test_words_are_collected_from_python_and_templates(package, capsys):
    assert len(messages.check()) == 3
    messages.update()
    text = (package / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po").read_text()
    assert 'msgid "Good morning"' in text
    assert 'msgid_plural "%(n)s orders"' in text
    assert 'msgid "Refused by %(who)s"' in text
    assert len(messages.check()) == 3


def test_a_catalogue_is_good_when_all_is_translated_and_nothing_is_left_over(package, capsys):
    messages.update()
    path = package / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    text = path.read_text()
    for empty, full in (("Good morning", "早上好"), ("Refused by %(who)s", "%(who)s 已拒绝")):
        text = text.replace(f'msgid "{empty}"\nmsgstr ""', f'msgid "{empty}"\nmsgstr "{full}"')
    path.write_text(text.replace('msgstr[0] ""', 'msgstr[0] "%(n)s 个订单"'))
    assert messages.check() == []
    path.write_text(path.read_text().replace("%(who)s 已拒绝", "已拒绝"))
    assert "the placeholders differ" in messages.check()[0]
    (package / "core" / "x.py").unlink()
    assert "no longer used" in messages.check()[0]


def test_an_environment_is_made_anew_when_its_lock_changes(tmp_path, monkeypatch):
    for name in ("requirements", "tools"):
        (tmp_path / name).mkdir()
    for name in ("run", "dev"):
        (tmp_path / "requirements" / f"{name}.txt").write_text("django==5.2\n")
    (tmp_path / "pyproject.toml").write_text("")
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "PYTHON", tmp_path / "python")
    (tmp_path / "python").touch()
    path = tmp_path / ".installed-run"
    assert not install.is_current(path)
    path.write_text(install.stamp(tmp_path / "requirements" / "run.txt"))
    assert install.is_current(path)
    (tmp_path / "requirements" / "run.txt").write_text("django==5.2.1\n")
    assert not install.is_current(path)
    shutil.rmtree(tmp_path / "requirements")
