# ruff: noqa: E501 — a line is a paragraph of a mail
"""Texts that are there from the first day, in both languages: for the occasions shops write at, to be made one's own."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Said:
    """What a text says in one language; `button` leads to `link.url`."""

    subject: str
    paragraphs: tuple[str, ...]
    button: str = ""


@dataclass(frozen=True, slots=True)
class Ready:
    """A ready text: `key` is its name for programs, `said` what it says by language."""

    key: str
    name: str | Promise
    folder: str | Promise
    purpose: str
    said: dict[str, Said]


_HELLO = "Hello {{ customer.first_name | default: 'and good day' }},"
_HELLO_ZH = "{{ customer.name | default: '您好' }}："
_OCCASIONS = _("Occasions")
_AFTER = _("After a purchase")

ALL: tuple[Ready, ...] = (
    Ready(
        "welcome",
        _("Welcome"),
        _OCCASIONS,
        "marketing",
        {
            "en": Said(
                "Welcome to {{ shop.name }}",
                (
                    _HELLO,
                    "thank you for joining us. You will hear from us when there is something worth reading: new things, and now and then an offer that only regulars get.",
                    "If you have a question, answer this mail. A person reads it.",
                ),
                "Look around",
            ),
            "zh-hans": Said(
                "欢迎来到 {{ shop.name }}",
                (_HELLO_ZH, "感谢您的加入。有值得一读的内容时，我们才会写信给您：新品，以及只给老顾客的优惠。", "如有问题，直接回复这封邮件即可，会有人阅读。"),
                "去看看",
            ),
        },
    ),
    Ready(
        "birthday",
        _("Birthday"),
        _OCCASIONS,
        "marketing",
        {
            "en": Said(
                "Happy birthday, {{ customer.first_name | default: 'from all of us' }}",
                (_HELLO, "all of us at {{ shop.name }} wish you a happy birthday. A little something for today: {{ mail.coupon }}, good for {{ mail.days }} days."),
                "Choose something",
            ),
            "zh-hans": Said(
                "生日快乐！",
                (_HELLO_ZH, "{{ shop.name }} 全体同事祝您生日快乐。送您一份小礼物：{{ mail.coupon }}，{{ mail.days }} 天内有效。"),
                "去挑选",
            ),
        },
    ),
    Ready(
        "win-back",
        _("Win back"),
        _OCCASIONS,
        "marketing",
        {
            "en": Said(
                "It has been a while",
                (
                    _HELLO,
                    "your last order was on {{ customer.last_order | date: 'long' }}. Since then a lot has come in. With {{ mail.coupon }} you pay less on your next order, within {{ mail.days }} days.",
                    "Was something not right last time? Answer this mail and tell us.",
                ),
                "See what is new",
            ),
            "zh-hans": Said(
                "好久不见",
                (
                    _HELLO_ZH,
                    "您上次下单是在 {{ customer.last_order | date: 'long' }}，之后店里来了许多新品。使用 {{ mail.coupon }}，{{ mail.days }} 天内下单可享优惠。",
                    "上次有什么不满意吗？请回复这封邮件告诉我们。",
                ),
                "看看新品",
            ),
        },
    ),
    Ready(
        "festival",
        _("Festival"),
        _OCCASIONS,
        "marketing",
        {
            "en": Said("{{ mail.festival }}: good wishes from {{ shop.name }}", (_HELLO, "we wish you and yours a good {{ mail.festival }}. Thank you for being with us this year."), "Visit the shop"),
            "zh-hans": Said("{{ mail.festival }}快乐！{{ shop.name }} 敬上", (_HELLO_ZH, "祝您和家人{{ mail.festival }}快乐。感谢您一直以来的支持。"), "到店里看看"),
        },
    ),
    Ready(
        "after-purchase",
        _("After a purchase"),
        _AFTER,
        "service",
        {
            "en": Said(
                "Your order {{ order.number }}",
                (
                    _HELLO,
                    "thank you for your order {{ order.number }} of {{ order.date | date: 'long' }} over {{ order.total }}:",
                    "{% for line in order.lines %}{{ line.quantity }} × {{ line.name }}{% unless forloop.last %}, {% endunless %}{% endfor %}",
                    "If something is missing or not right, answer this mail and we put it right.",
                ),
            ),
            "zh-hans": Said(
                "您的订单 {{ order.number }}",
                (
                    _HELLO_ZH,
                    "感谢您在 {{ order.date | date: 'long' }} 的订单 {{ order.number }}，共 {{ order.total }}：",
                    "{% for line in order.lines %}{{ line.name }} × {{ line.quantity }}{% unless forloop.last %}，{% endunless %}{% endfor %}",
                    "如有缺漏或问题，请回复这封邮件，我们会处理好。",
                ),
            ),
        },
    ),
    Ready(
        "review-request",
        _("Review request"),
        _AFTER,
        "marketing",
        {
            "en": Said(
                "How do you like {{ order.first_product | default: 'what you bought' }}?",
                (_HELLO, "some days ago {{ order.first_product | default: 'your order' }} came to you. Would you tell others how you like it? It takes a minute, and it helps those who still think about it."),
                "Write a review",
            ),
            "zh-hans": Said(
                "{{ order.first_product | default: '您购买的商品' }}，您喜欢吗？",
                (_HELLO_ZH, "几天前，{{ order.first_product | default: '您的订单' }}送到了您手中。愿意告诉其他人您的感受吗？只需一分钟，就能帮到还在犹豫的人。"),
                "写评价",
            ),
        },
    ),
)  # fmt: skip

BY_KEY = {one.key: one for one in ALL}


def text_of(said: Said, *, with_no: bool) -> str:
    """The plain text of a ready text; `with_no` with the link by which people say no."""
    parts = [*said.paragraphs, *(["{{ link.url }}"] if said.button else []), "{{ shop.name }}"]
    return "\n\n".join([*parts, *(["{{ link.unsubscribe }}"] if with_no else [])]) + "\n"


def mjml_of(said: Said, *, with_no: str) -> str:
    """The design of a ready text; `with_no` is what the link says by which people say no, nothing for no link."""
    paragraphs = "\n".join(f"      <mj-text>{paragraph}</mj-text>" for paragraph in said.paragraphs)
    button = f'\n      <mj-button href="{{{{ link.url }}}}">{escape(said.button)}</mj-button>' if said.button else ""
    small = 'font-size="13px" line-height="20px" color="#5c676c"'
    no = f'<br/><a href="{{{{ link.unsubscribe }}}}">{escape(with_no)}</a>' if with_no else ""
    return f"""<mjml>
  <mj-head>
    <mj-attributes>
      <mj-all font-family="-apple-system, 'Segoe UI', Roboto, 'PingFang SC', 'Microsoft YaHei', sans-serif"/>
      <mj-text font-size="16px" line-height="26px" color="#1d2a30"/>
      <mj-button background-color="#005a75" border-radius="5px" font-weight="600" align="left"/>
    </mj-attributes>
  </mj-head>
  <mj-body background-color="#f5f5f2" width="560px">
    <mj-section background-color="#ffffff"><mj-column>
{paragraphs}{button}
    </mj-column></mj-section>
    <mj-section><mj-column><mj-text {small}>{{{{ shop.name }}}}{no}</mj-text></mj-column></mj-section>
  </mj-body>
</mjml>
"""
