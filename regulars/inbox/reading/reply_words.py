"""The words by which mail programs all over the world introduce what is quoted, and sign what is sent."""

# ruff: noqa: E501 — lists of words read better in long lines

from __future__ import annotations

import re

WROTE_WORDS = (
    "wrote", "writes", "schrieb", "hat geschrieben", "a écrit", "écrit", "a ecrit", "ha scritto", "scrisse", "escribió",
    "escribio", "escreveu", "va escriure", "schreef", "skrev", "kirjoitti", "napisał", "napisała", "napisał(a)", "napisal",
    "napsal", "napsal(a)", "napísal", "napísal(a)", "írta", "ezt írta", "пишет", "написал", "написала", "написал(а)",
    "написав", "пише", "написа", "έγραψε", "a scris", "yazdı", "şunu yazdı", "rašė", "rakstīja", "kirjutas", "je napisao",
    "je napisal", "napisao je", "đã viết", "menulis", "写道", "寫道", "写了", "书写", "書きました", "wrote on", "작성", "님이 작성",
    "schreef op", "skrifaði", "כתב", "كتب",
)  # fmt: skip
_CJK = re.compile("[\u0590-\u06ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def _words(words: tuple[str, ...]) -> str:
    ordered = sorted(words, key=len, reverse=True)
    return "|".join(re.escape(word) if _CJK.search(word) else rf"(?<!\w){re.escape(word)}(?!\w)" for word in ordered)


WROTE = re.compile(_words(WROTE_WORDS), re.IGNORECASE)
ENDS_WITH_WROTE = re.compile(rf"(?:{_words(WROTE_WORDS)})[ \t]*$", re.IGNORECASE)
BEGINS_ATTRIBUTION = re.compile(
    r"""[\s"'*(_-]{0,8}(?:(?:on|at|am|le|el|il|in\ data|op|den|em|w\ dniu|dnia|dne|dňa|la|pe|în|на|в|a|kl|vào)[\s.,]
    |(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|mån|tis|ons|tor|fre|lör|sön|man|tir
    |lør|søn|ma|ti|ke|to|pe|la|su|pon|wt|śr|czw|pt|sob|niedz|seg|ter|qua|qui|sex|sáb|sab|dom|jue|vie|mié|mie|gio|пн|вт|ср
    |чт|пт|сб|вс)[a-zà-ÿа-я]{0,8}[.,]?\s
    |\d|在|于|於)""",
    re.IGNORECASE | re.VERBOSE,
)
QUOTING = re.compile(
    r"\s{0,5}(?:zitat von|quoting|citando|citat från|citat fra|citaat van|cytowanie|selon)\s", re.IGNORECASE
)
WEEKDAY = re.compile(
    r"\s{0,5}(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|man|tir|ons|tor|fre|lør|søn|mån|tis|lör|sön|ma|ti|ke|to|pe|la|su|пн|вт|ср|чт|пт|сб|вс|pon|wt|śr|czw|sob|seg|ter|qua|qui|sex|dom)[a-zà-ÿ]{0,8}[.,]?\s\d|\s{0,5}pe \d",
    re.IGNORECASE,
)
DATE = re.compile(
    r"\d{1,4}[./-]\s?\d{1,2}|\d{1,2}[:.h]\d{2}|(?:19|20)\d\d|\d{1,2}\s?(?:月|日|\.?\s[a-zà-ÿа-я]{3})|[a-zà-ÿа-я]{3}\.?\s\d{1,2}",
    re.IGNORECASE,
)
TIME = re.compile(r"\d{1,2}[:.h]\d{2}")
EMAIL = re.compile(r"[^\s<>@\"(]{1,80}@[\w.-]{1,120}")

_FROM = ("from", "von", "de", "da", "van", "fra", "från", "od", "lähettäjä", "от", "від", "feladó", "kimden", "gönderen",
         "发件人", "寄件者", "寄件人", "差出人", "送信者", "보낸 사람", "보낸사람", "από", "expéditeur", "remitente", "afzender",
         "absender", "mittente", "remetente", "avsändare", "avsender", "afsender", "odesílatel", "nadawca",
         "de la", "saatja", "nuo", "från", "发自")  # fmt: skip
_DATE = ("sent", "message du", "date", "gesendet", "datum", "envoyé", "envoyé le", "date d'envoi", "enviado", "enviado el", "enviada em",
         "enviado em", "fecha", "data", "inviato", "verzonden", "verzonden op", "sendt", "dato", "skickat", "lähetetty",
         "päivä", "päiväys", "wysłano", "odesláno", "odoslané", "elküldve", "dátum", "отправлено", "дата", "надіслано",
         "tarih", "gönderildi", "gönderme tarihi", "发送时间", "发送日期", "日期", "时间", "寄件日期", "傳送時間", "送信日時", "日時", "보낸 날짜", "날짜",
         "trimis", "saadetud", "ημερομηνία")  # fmt: skip
_TO = ("to", "an", "à", "a", "para", "aan", "til", "till", "do", "komu", "pro", "vastaanottaja", "кому", "címzett", "kime", "alıcı",
       "收件人", "收件者", "宛先", "받는 사람", "받는사람", "προς", "destinataire", "empfänger", "către", "saaja", "destinatario")  # fmt: skip
_SUBJECT = ("subject", "betreff", "objet", "asunto", "oggetto", "assunto", "onderwerp", "emne", "ämne", "aihe", "temat",
            "předmět", "predmet", "tárgy", "тема", "konu", "主题", "主題", "主旨", "件名", "제목", "θέμα", "subiect", "teema")  # fmt: skip
_OTHERS = ("cc", "bcc", "kopie", "kopi", "copie à", "copie", "cópia", "dw", "kopia", "копия", "抄送", "副本", "importance", "priority",
           "reply-to", "organization", "attachments", "anlagen", "pièces jointes", "wichtigkeit", "importancia", "参照", "참조")  # fmt: skip
LABELS = {
    word: kind
    for kind, words in (("from", _FROM), ("date", _DATE), ("to", _TO), ("subject", _SUBJECT), ("other", _OTHERS))
    for word in words
}
LABEL = re.compile(r"[\s*_>|]{0,8}([^\W\d_][^:：*<>@\n]{0,24}?)[\s*_]{0,4}[:：]")

SEPARATOR = re.compile(
    r"[\s>]{0,6}(?:[-_=*—–]{2,}\s?(?:original-nachricht|original|ursprüngliche|originale?|message d'origine|mensaje original|mensagem original"
    r"|messaggio originale|oorspronkelijk|oprindelig|opprinnelig|ursprungligt|original[a-z]*meddelande|alkuperäinen|wiadomość"
    r"|původní|pôvodná|eredeti|исходное|оригинальное|пересланное|orijinal|özgün|原始邮件|原始信件|回复的原?邮件|原邮件|原始郵件|元のメッセージ"
    r"|original message|原文|회신|원본|reply message|reply|forwarded|weitergeleitete|message transféré|messaggio inoltrato"
    r"|mensaje reenviado|mensagem encaminhada|doorgestuurd|videresendt|vidarebefordra|przekazana|转发|轉寄|転送)"
    r"[^-_=*—–\n]{0,60}[-_=*—–]{2,}\s*$"
    r"|(?:begin forwarded message|anfang der weitergeleiteten|début du message (?:réexpédié|transféré)|inizio messaggio inoltrato"
    r"|begin doorgestuurd bericht|inicio del mensaje reenviado|início da mensagem reencaminhada|start på videresendt"
    r"|vidarebefordrat brev|original message processed by|开始转发的邮件|下面是被转发的邮件)[^\n]{0,30}$)",
    re.IGNORECASE,
)
RULE = re.compile(r"\s{0,8}[-_=*—–]{4,}\s*$")

_DEVICES = (
    r"sent from (?!our\b|their\b|his\b|her\b|this\b)|sent via (?!the\b|our\b)|sent with (?!the\b|our\b)|sent using|get outlook for|outlook .{2,20} (?:beziehen|holen)$|gesendet (?:von|mit|aus|über)"
    r"|von meinem .{2,30} gesendet|diese nachricht wurde von meinem|envoyé (?:de|depuis|à partir|avec|par)\b|télécharger outlook"
    r"|enviado (?:desde|do|da|a partir|de|con|pelo)\b|obtener outlook|inviato (?:da|dal|con)\b|verzonden (?:vanaf|met|via)"
    r"|verstuurd (?:vanaf|met|via)|skickat från|sendt fra|sendt med|lähetetty|wysłane z|wysłano z|odesláno z|odoslané z"
    r"|отправлено (?:с|из)|надіслано з|küldve|iphone'?umdan gönderildi|.{2,20} gönderildi$|发自(?:我的)?|發自|从我的|來自我的|来自我的|通过我的"
    r"|(?:iphone|ipad|android|アンドロイド).{0,12}から送信|나의 .{2,20}에서 보냄|nosūtīts no|από το .{2,20} μου|trimis de pe"
)
DEVICE = re.compile(rf"\s{{0,4}}(?:{_DEVICES})", re.IGNORECASE)
DELIMITER = re.compile(r"\s{0,3}(?:-- ?|--\s*|[—–]|__|-_-)\s*$")
LONG_DELIMITER = re.compile(r"\s{0,3}(?:[—–]{2,}|_{3,}|-{3,}|\*{3,}|={3,}|~{3,})\s*$")
NAME_AFTER_DASH = re.compile(r"\s{0,3}[-–—~]\s?[^\W\d_][\w.'’-]{0,20}(?: [^\W\d_][\w.'’-]{0,20}){0,3}\s*$")
CONTACT = re.compile(
    r"@\w|https?://|www\.|\+?\d[\d\s()./-]{6,}|\b(?:tel|phone|mobile?|fax|gmbh|ltd|inc|b\.v|s\.a)\b", re.IGNORECASE
)
DISCLAIMER = re.compile(
    r"\s{0,4}\*{0,2}_{0,3}\[?(?:confidentiality (?:notice|note)|confidential(?:ity)?:|disclaimer\s?:|disclaimer(?: |$)|legal (?:notice|disclaimer)"
    r"|(?:the information (?:contained )?in|this) (?:this )?(?:e-?mail|message|communication|transmission)(?: message)?(?: w/attachments)?(?: \(.{1,40}\))?,?"
    r" (?:and (?:any|all|its) (?:files?|attachments?|documents?)[^.\n]{0,60} )?(?:is|are|may|contains?|transmitted|was sent|and any)\b[^\n]{0,160}"
    r"(?:confiden|privileg|intended|solely|recipient)"
    r"|diese (?:e-?mail|nachricht) (?:kann|enthält|ist)[^\n]{0,80}vertraulich|ce (?:message|courriel|mail)[^\n]{0,90}confidentiel"
    r"|le informazioni contenute in quest|questo messaggio[^\n]{0,80}(?:riservat|confidenzial)|este (?:mensaje|correo)[^\n]{0,90}confidencial"
    r"|esta mensagem[^\n]{0,90}confidencia|(?:dit bericht|deze e-?mail)[^\n]{0,80}vertrouwelijk|de informatie (?:in|verzonden)[^\n]{0,80}e-?mail"
    r"|(?:detta|denna|denne) (?:meddelande|e-?post|e-?mail)[^\n]{0,80}(?:konfidentiel|fortrolig)|niniejsza wiadomość[^\n]{0,80}poufn"
    r"|本邮件(?:及其附件)?[^\n]{0,30}(?:保密|机密|含有)|このメール[^\n]{0,40}機密)",
    re.IGNORECASE,
)
BANNER = re.compile(
    r"\s{0,4}[*\[(<]{0,3}(?:caution|warning|external(?: e?-?mail| sender)?|achtung|attention|attenzione|外部邮件)[\])*>]{0,3}\s?[:!,-]?\s"
    r"[^\n]{0,80}(?:outside|external|extern|originated|organi[sz]ation|unknown sender|esterno|externe|外部)",
    re.IGNORECASE,
)
