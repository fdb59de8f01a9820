"""What somebody wrote is told from what they quoted and signed with, in the languages mail programs speak."""

# ruff: noqa: E501 — headers as programs write them
import time

import pytest

from regulars.inbox.reading import read
from regulars.inbox.reading.replies import split

OWN = "Hello Mara,\n\nthat is fine with me: 2 pieces.\n\nRegards\nJonas"

# fmt: off
HEADERS = [
    "On Mon, 3 Jun 2024 at 12:53, Mara Petersen <hello@shop.example> wrote:",
    "Am 03.06.2024 um 12:53 schrieb Mara Petersen:",
    "Am Mo., 3. Juni 2024 um 12:53 Uhr schrieb Mara Petersen <hello@shop.example>:",
    "Le lun. 3 juin 2024 à 12:53, Mara Petersen <hello@shop.example> a écrit :",
    "El lun, 3 jun 2024 a las 12:53, Mara Petersen (<hello@shop.example>) escribió:",
    "Op ma 3 jun. 2024 om 12:53 schreef Mara Petersen <hello@shop.example>:",
    "Den man. 3. jun. 2024 kl. 12.53 skrev Mara Petersen <hello@shop.example>:",
    "Den mån 3 juni 2024 kl 12:53 skrev Mara Petersen <hello@shop.example>:",
    "man. 3. juni 2024 kl. 12:53 skrev Mara Petersen <hello@shop.example>:",
    "pon., 3 cze 2024 o 12:53 Mara Petersen <hello@shop.example> napisał(a):",
    "Il giorno lun 3 giu 2024 alle ore 12:53 Mara Petersen <hello@shop.example> ha scritto:",
    "Em seg., 3 de jun. de 2024 às 12:53, Mara Petersen <hello@shop.example> escreveu:",
    "2024年6月3日(月) 12:53 Mara Petersen <hello@shop.example>:",
    "2024/06/03 12:53、Mara Petersen <hello@shop.example>のメール:",
    "Mara Petersen <hello@shop.example> 于2024年6月3日周一 12:53写道：",
    "在 2024年6月3日，12:53，Mara Petersen <hello@shop.example> 写道：",
    '在 2024-06-03 12:53:00，"Mara Petersen" <hello@shop.example> 写道：',
    'At 2024-06-03 12:53:00, "Mara Petersen" <hello@shop.example> wrote:',
    '------------------ 原始邮件 ------------------\n发件人: "Mara Petersen" <hello@shop.example>;\n发送时间: 2024年6月3日(星期一) 中午12:53\n收件人: "Li Na"<li@example.com>;\n主题: Re: 订单',
    '------------------&nbsp;原始邮件&nbsp;------------------\n发件人: "Mara" <hello@shop.example>;\n发送时间:&nbsp;2024年6月3日(星期一) 中午12:53\n收件人:&nbsp;"Li Na"<li@example.com>;',
    "发件人： Mara Petersen\n发送时间： 2024-06-03 12:53\n收件人： li@example.com\n主题： Re: 订单",
    "---- 回复的原邮件 ----\n| 发件人 | Mara Petersen<hello@shop.example> |\n| 日期 | 2024年06月03日 12:53 |\n| 收件人 | li@example.com |\n| 主题 | Re: 订单 |",
    "пн, 3 июн. 2024 г. в 12:53, Mara Petersen <hello@shop.example>:",
    "03.06.2024 12:53, Mara Petersen пишет:",
    "From: Mara Petersen <hello@shop.example>\nSent: Monday, June 3, 2024 12:53\nTo: Jonas\nSubject: Re: Order",
    "________________________________\nVon: Mara Petersen <hello@shop.example>\nGesendet: Montag, 3. Juni 2024 12:53\nAn: Jonas\nBetreff: AW: Order",
    "-----Ursprüngliche Nachricht-----\nVon: Mara",
    "De : Mara Petersen <hello@shop.example>\nEnvoyé : lundi 3 juin 2024 12:53\nÀ : Jonas\nObjet : RE: Order",
    "De: Mara Petersen <hello@shop.example>\nEnviado el: lunes, 3 de junio de 2024 12:53\nPara: Jonas\nAsunto: RE: Order",
    "Från: Mara Petersen <hello@shop.example>\nSkickat: den 3 juni 2024 12:53\nTill: Jonas\nÄmne: Sv: Order",
    "差出人: Mara Petersen <hello@shop.example>\n送信日時: 2024年6月3日 12:53\n宛先: li@example.com\n件名: Re: 注文",
    "Mara Petersen wrote on 3.6.2024 12:53:",
    "On 3/6/24 12:53, Mara Petersen via Shop wrote:",
    "From: Mara Petersen <hello@shop.example>\nDate: Monday, 3 June 2024 at 12:53\nTo: Jonas",
    "maanantai 3. kesäkuuta 2024 klo 12.53 Mara Petersen <hello@shop.example> kirjoitti:",
    "po 3. 6. 2024 v 12:53 odesílatel Mara Petersen <hello@shop.example> napsal:",
    "Mara Petersen <hello@shop.example> ezt írta (időpont: 2024. jún. 3., H, 12:53):",
    "Mara Petersen <hello@shop.example>, 3 Haz 2024 Pzt, 12:53 tarihinde şunu yazdı:",
    "2024년 6월 3일 (월) 오후 12:53, Mara Petersen <hello@shop.example>님이 작성:",
    "-------- Original-Nachricht --------\nBetreff: Re: Order\nDatum: Mon, 3 Jun 2024\nVon: Mara <hello@shop.example>\nAn: Jonas",
    "-------- Weitergeleitete Nachricht --------\nBetreff: Re: Order\nDatum: Mon\nVon: Mara",
    "*From:* Mara Petersen <hello@shop.example>\n*Sent:* Monday\n*To:* Jonas",
    "Mara Petersen | Shop schrieb am 03.06.2024 um 12:53 Uhr:",
    "Zitat von Mara Petersen <hello@shop.example>:",
    "Quoting Mara Petersen <hello@shop.example>:",
    "Citando Mara <hello@shop.example>:",
    "--- Mara Petersen <hello@shop.example> schrieb am Mo, 3.6.2024:",
    "On Monday, June 3rd, 2024 at 12:53 PM, Mara Petersen <hello@shop.example> wrote:",
    'Gesendet: Montag, 03. Juni 2024 um 12:53 Uhr\nVon: "Mara Petersen" <hello@shop.example>\nAn: jonas@example.org\nBetreff: Re: Order',
]
SIGNATURES = [
    "Sent from my iPhone",
    "Von meinem iPhone gesendet",
    "Gesendet von Mail für Windows",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Inviato da iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Skickat från min iPhone",
    "Sendt fra min iPhone",
    "Wysłane z iPhone'a",
    "Lähetetty iPhonesta",
    "Отправлено с iPhone",
    "发自我的iPhone",
    "發自我的 iPhone",
    "iPhoneから送信",
    "Enviado do meu iPhone",
    "Sent from Yahoo Mail on Android",
    "Outlook für iOS beziehen",
    "Diese Nachricht wurde von meinem Android-Gerät mit GMX Mail gesendet.",
    "Sent from Mail for Windows 10",
    "나의 iPhone에서 보냄",
    "Sent with Proton Mail secure email.",
    "来自我的华为手机",
    "Gesendet mit der GMX Mail App",
    "Télécharger Outlook pour iOS",
]
NONE_OF_THESE = [
    "On 3 June we talked about:\n- a\n- b",
    "I ordered on 03.06.2024 at 12:30 and was told by anna@example.org:\nit comes soon",
    "From: Hamburg\nI want to send it.",
    "He wrote:\nfoo bar",
    "Date: 3 June\nTime: 12:00\nis that ok?",
    "To: be or not to be",
    "Mein Name: Jonas\nAdresse: Hamburg\nVon: Kiel\nNach: Berlin\nDatum: 3.6.",
    "Von: 10 Uhr\nBis: 12 Uhr\nDatum: Montag",
    "Sent from my desk, is much easier than my phone.",
    "The notification was sent from my iPhone app to all users.",
    "## Points\n----\n\n1. This is better by a half.\n\n----\n\nThe dashes are mine.",
    "because of:\n-- first\n-- second\n\nThanks!",
    "This message is in the box that you sent me.",
]
# fmt: on


@pytest.mark.parametrize("header", HEADERS, ids=range(len(HEADERS)))
def test_headers_above_quotations_in_many_languages(header):
    for quoted in ("> Old text\n> more", "Old text\n\nmore of it"):
        reply = split(f"{OWN}\n\n{header}\n\n{quoted}\n")
        assert reply.visible == OWN
        assert "more" in reply.quoted


@pytest.mark.parametrize("line", SIGNATURES)
def test_devices_that_sign_by_themselves(line):
    reply = split(f"{OWN}\n\n{line}\n\nOn Mon, 3 Jun 2024 at 12:53, M P <h@s.example> wrote:\n> x\n")
    assert (reply.visible, reply.signature) == (OWN, line)


@pytest.mark.parametrize("text", NONE_OF_THESE)
def test_what_only_looks_alike_stays(text):
    assert split(text).visible == text


def test_answers_between_and_below_quotations_stay():
    text = "On 3 Jun 2024, at 10:00, M P <h@s.example> wrote:\n> Which one?\n\nThe red one.\n\n> When?\n\nMonday.\n\n-- \nJonas"
    reply = split(text)
    assert reply.visible.split("\n")[0] == "The red one."
    assert reply.visible.split("\n")[-1] == "Monday."
    assert "Which one?" in reply.quoted
    assert "When?" in reply.quoted
    assert reply.signature == "--\nJonas"


def test_what_was_forwarded_without_a_word_is_what_they_want_to_say():
    assert (
        split("Von: Shop <a@b.example>\nGesendet: Montag\nBetreff: X\n\nYour order is on its way.").visible
        == "Your order is on its way."
    )
    assert split("> All of it is quoted\n> by hand").visible == "> All of it is quoted\n> by hand"


def test_disclaimers_and_warnings_are_folded_away_where_they_are_clear():
    warning = "CAUTION: This email originated from outside of the organization."
    legal = "This e-mail and any attachments are confidential and intended solely for the recipient."
    reply = split(f"{warning}\n\n{OWN}\n\n{legal}")
    assert reply.visible == OWN
    assert warning in reply.signature
    assert legal in reply.signature


def said(source):
    return read(b"From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n" + source.encode())


QUOTED = '<blockquote type="cite"><p>Old text</p></blockquote>'


@pytest.mark.parametrize(
    "below",
    [
        f'<div class="gmail_quote"><div class="gmail_attr">Ar Llun, Mara:<br></div>{QUOTED}</div>',
        f'<div class="moz-cite-prefix">Ar 3.6., Mara:</div>{QUOTED}',
        '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>Oddi wrth:</b> Mara</div><div>Old text</div>',
        '<div id="x_divRplyFwdMsg"><b>Oddi wrth:</b> Mara</div><div>Old text</div>',
        "<div style='border-top:solid'><b>Von:</b> Mara &lt;a@b.example&gt;<br><b>Gesendet:</b> Montag<br><b>An:</b> Jonas</div><p>Old text",
        f"<div>On Mon, 3 Jun 2024 at 12:53, Mara &lt;h@s.example&gt; wrote:</div>{QUOTED}",
        '<div class="yahoo_quoted">Mara, 3.6.<div>Old text</div></div>',
        "<div>------------------&nbsp;原始邮件&nbsp;------------------</div><div>发件人: Mara</div><div>Old text</div>",
    ],
)
def test_pages_say_themselves_what_is_quoted(below):
    mail = said(f'<div>Fine with me.</div><div class="gmail_signature">Jonas<br>Hamburg</div><br>{below}')
    assert (mail.visible, mail.signature) == ("Fine with me.", "Jonas\nHamburg")
    assert "Old text" in mail.quoted


@pytest.mark.parametrize(
    "line",
    [
        "Hello there, this is a line of text that says nothing at all.", "> On Jan 3, 2024, at 10:00, A B <a@b.de> wrote:",
        "On Jan 3, 2024, at 10:00, A B <a@b.de> wrote", "From: a", "", "-- ", "wrote:", "12:30 a:", "_" * 70, "a" * 999_999, ">" * 999_999,
    ],
    ids=range(11),
)  # fmt: skip
def test_a_million_letters_take_no_longer_than_they_are_long(line):
    text = (line + "\n") * (1_000_000 // (len(line) + 1))
    began = time.process_time()
    split(text)
    assert time.process_time() - began < 1.5  # 0.05 by itself; the machine that tests does other things as well
