"""Which encoding bytes without a mark are written in: the one in which they are the likeliest text.

Every encoding is read as the languages that use it. A reading costs, character by character: how seldom the language
writes this letter, whether a capital stands inside a word, whether a Chinese character is a rare one, whether a byte
has no meaning. The cheapest reading wins; between near ones the more usual encoding.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

_EVIDENCE = 12_000  # bytes of lines that hold more than ASCII; beyond that nothing changes any more
_PLAIN = 3.0  # what an ASCII character costs, so that readings that swallow some are compared fairly
_BROKEN = 18.0  # a byte without a meaning
_STRANGE = 12.0  # a sign that no table of people holds
_BABBLE = 9.0  # a letter costs less than that on average, or it is no text in any language we know
_CLOSE = 2.5  # of two readings nearer than that, either may be right

# What encodings cost before anything is read: the unusual ones need better evidence.
_UNUSUAL = {"cp1252": 0.0, "gb18030": 0.0, "cp932": 1.0, "cp949": 1.0, "big5hkscs": 1.0, "cp1251": 1.0, "cp1250": 3.0,
            "cp850": 6.0}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """The encoding that fits best, and another one where the bytes hardly prefer one of the two."""

    encoding: str
    doubt: str = ""


def likeliest(evidence: bytes, *, is_mac: bool = False) -> Verdict | None:
    """The encoding of bytes that are no UTF-8; None where nothing reads like text.

    `is_mac`: lines end as they did on old Macs, which makes their encodings the usual ones.
    """
    sample = _telling_lines(evidence)
    costs: dict[str, float] = {}
    texts: dict[str, str] = {}
    for encoding, language in _readings():
        text = sample.decode(encoding, errors="regulars.mark")
        cost = language(text) + (0.0 if is_mac and encoding.startswith("mac") else _UNUSUAL.get(encoding, 4.0))
        if cost < costs.get(encoding, math.inf):
            costs[encoding], texts[encoding] = cost, text
    best, *others = sorted(costs, key=costs.__getitem__)
    letters = [letter for letter in texts[best] if not letter.isascii()]
    plain = len(texts[best]) - len(letters)
    if costs[best] - plain * _PLAIN > 4 + len(letters) * _BABBLE:
        return None
    near = next((name for name in others if texts[name] != texts[best]), "")
    doubt = near if near and costs[near] - costs[best] < _CLOSE else ""
    if best == "cp1252" and re.search(rb"[\x81\x8d\x8f\x90\x9d]", evidence):
        # five bytes have no meaning in Windows-1252; where they occur, it is its elder, which gives each byte one
        return Verdict("latin-1", doubt)
    return Verdict(best, doubt)


def encoding_name(encoding: str) -> str:
    """What people call an encoding."""
    return _NAMES.get(encoding, encoding.replace("_", "-").upper())


_NAMES = {
    "utf-8-sig": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "gb18030": "GB 18030", "big5hkscs": "Big5",
    "cp932": "Shift-JIS", "cp949": "EUC-KR", "latin-1": "Latin-1", "mac_roman": "Mac OS Roman",
    "mac_latin2": "Mac OS Central European", "mac_cyrillic": "Mac OS Cyrillic", "koi8_u": "KOI8",
    **{f"cp{page}": f"Windows-{page}" for page in range(1250, 1259)}, "cp850": "DOS 850", "cp866": "DOS 866",
    "cp874": "Windows-874",
}  # fmt: skip
SELECTABLE = ("utf-8-sig", "utf-16", "gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "cp1252", "mac_roman",
              "cp1250", "iso8859_2", "cp1251", "koi8_u", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874",
              "cp850", "cp866")  # fmt: skip


def _telling_lines(evidence: bytes) -> bytes:
    """Different lines that hold more than plain ASCII, until there are enough."""
    kept: dict[bytes, None] = {}
    size = 0
    for line in re.split(rb"[\r\n]+", evidence):
        if not line.isascii() and (short := line[:2_000]) not in kept:
            kept[short] = None
            size += len(short)
            if size > _EVIDENCE:
                break
    return b"\n".join(kept)


Language = Callable[[str], float]

_SIGNS = {
    **dict.fromkeys("’“”–", 4.0),
    **dict.fromkeys("‘—„«»…€£©®™°§", 5.5),
    **dict.fromkeys("·ºª½²³¿¡\xa0№´¥", 8.0),
}


def _alphabet(frequent: str, *, is_latin: bool = True) -> Language:
    """A language of letters, given from the most frequent one on: what each costs is Zipf's law."""
    total = sum(1 / (rank + 2) for rank in range(len(frequent)))
    prices = {letter: -math.log(1 / (rank + 2) / total) for rank, letter in enumerate(frequent)}
    for letter in frequent:
        large = letter.upper()
        if large != letter and len(large) == 1:
            prices.setdefault(large, prices[letter] + (6.0 if letter == "ÿ" else 1.0))

    def price(letter: str, before: str) -> float:
        is_inside = before.isalpha()
        found = prices.get(letter)
        if found is None:
            if not letter.isalpha():
                return _SIGNS.get(letter, _STRANGE) + (5.0 if is_inside and letter not in "’‘" else 0.0)
            found = 9.0
        if is_inside and letter.isupper() and before.islower():
            found += 5.0
        if not is_inside:
            return found
        # accents seldom stand side by side, and letters of other scripts seldom behind one of ours
        if is_latin:
            return found if before.isascii() else found + 2.5
        return found + 4.0 if before.isascii() else found

    return _summed(price)


def _characters(frequent: str, encoding: str, common: tuple[int, int], *, others: str = "") -> Language:
    """A language of thousands of characters: the frequent ones, those the encoding has first, and the rest.

    `common` are the first bytes under which the encoding keeps the common ones; `others` are cheap too (kana).
    """
    favourites, syllables = frozenset(frequent), frozenset(others)

    def price(letter: str, _before: str) -> float:
        if letter in syllables:
            return 5.0
        if letter in favourites:
            return 6.2
        try:
            code = letter.encode(encoding)
        except UnicodeEncodeError:
            return _BROKEN
        if "\ue000" <= letter <= "\uf8ff" or (not letter.isprintable() and letter != "\u3000"):
            return _BROKEN
        if len(code) == 1:
            return 9.0
        if len(code) > 2:
            return 15.0
        if not letter.isalpha():
            return 8.5 if letter in _EAST_ASIAN_SIGNS else 13.0
        return 9.2 if common[0] <= code[0] <= common[1] and (encoding != "gb18030" or code[1] > 0xA0) else 13.0

    return _summed(price)


_APART = "©®™°§ºª½²³¹¤¦¬¨¸¯±×÷µ¶†‡•‰ˆ˜"
_EAST_ASIAN_SIGNS = "\u3000，。、：；！？（）【】《》「」『』“”‘’—…·・～－／＋＃＆％＠０１２３４５６７８９号"


def _summed(price: Callable[[str, str], float]) -> Language:
    def cost(text: str) -> float:
        known: dict[tuple[str, str], float] = {}
        total, before, earlier = 0.0, " ", " "
        for letter in text:
            if letter.isascii():
                # an ASCII capital behind a small strange letter is as odd as the other way round
                total += _PLAIN + (3.0 if letter.isupper() and not before.isascii() and before.islower() else 0.0)
            elif "\udc00" <= letter <= "\udcff" or "\x80" <= letter <= "\x9f":
                total += _BROKEN
            else:
                key = (letter, before)
                found = known.get(key)
                if found is None:
                    found = known[key] = price(letter, before)
                total += found
            if not before.isascii():
                if letter.islower() and before.isupper() and earlier.isupper():
                    total += 4.0  # MŸller
                elif before in _APART and letter.isalpha():
                    total += 5.0  # ©árka
            before, earlier = letter, before
        return total

    return cost


_KANA = "".join(map(chr, (*range(0x3041, 0x3094), *range(0x30A1, 0x30F7), 0x30FC)))

# The frequent ones of names, places and tables, and of everyday writing.
_SIMPLIFIED = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂建华国志海玉红梅春晓雪琳宇欣怡佳俊子涵浩然梓轩一诺博思雨婷小云天成永新光辉鹏飞波斌峰健凯"
    "北京上海广州深圳天津重庆成都杭武汉南省市区县镇村路街号楼室单元栋弄巷道东西南北中山湖河浙江苏川陕福安徽湖广云贵甘肃辽吉黑龙新疆内蒙古港澳台"
    "姓名性别男女电话手机邮箱地址编号客户会员日期时间备注年月日订单商品数量金额价格状态国家城省邮政码公司单位职务部门生联系人收货付款方式类型积分等级标签来源"
    "的一是不了在人有我他这个们中来大为和国地到以说时要就出会可也你对生能而子那得于着下自之发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心"
)
_TRADITIONAL = (
    "王李張劉陳楊趙黃周吳徐孫胡朱高林何郭馬羅梁宋鄭謝韓唐馮于董蕭程曹袁鄧許傅沈曾彭呂蘇盧蔣蔡賈丁魏薛葉余潘杜戴夏鍾汪田任姜范方石姚譚廖鄒熊金陸郝孔白崔康毛邱秦江史顧侯邵孟龍萬段雷錢湯尹黎易常武喬賀賴龔文"
    "偉芳娜秀英敏靜麗強磊軍洋勇艷傑娟濤明超蘭霞平剛桂建華國志海玉紅梅春曉雪琳宇欣怡佳俊子涵浩然博思雨婷小雲天成永新光輝鵬飛波峰健凱淑惠美玲雅家豪冠宏宗翰怡君雅婷承恩品心"
    "台臺北中南高雄新竹基隆嘉義屏東宜蘭花蓮苗栗彰化投桃園澎湖金門香港九龍澳門灣省市區縣鎮鄉村里鄰路街號樓室段巷弄之大仁信義和忠孝復興民生權中山正"
    "姓名性別男女電話手機郵箱信地址編號客戶會員日期時間備註年月日訂單商品數量金額價格狀態國家城郵遞政碼公司單位職務部門聯絡人收貨付款方式類型積分等級標籤來源"
    "的一是不了在人有我他這個們中來大為和國地到以說時要就出會可也你對生能而子那得於著下自之發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心"
)
_JAPANESE = (
    "佐藤鈴木高橋田中渡辺伊藤山本中村小林加藤吉田山田佐々木山口松本井上斎藤木村林清水山崎森阿部池田橋本石川前田小川岡田長谷川近藤石井村上遠藤青木坂本福田太田西村藤井金子岡本藤原三浦原野大和上野千葉"
    "太郎花子一二三美香恵子智久真由優翔大輝健直樹陽菜結衣翼誠明浩隆幸雄京東都大阪府市区町村県北海道神奈川埼玉愛知兵庫福岡広島仙台名古屋横浜札幌丁目番地号室"
    "氏名姓名前電話番号住所郵便性別男女会社部署役職生年月日備考顧客注文日商品数量金額国人年時分中本語様株式有限合同"
)
_KOREAN = (
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민진류나지엄채원천방공현함변염여추도소석선설마길연위표명기반라왕금옥육인맹제모"
    "수영철희숙미경은혜준호민서현우지훈동상재성진혁용태환규빈아윤채예나다라가을슬솔별하늘보람기찬석범일광복순자정말춘덕만섭식"
    "서울부산대구인천광주울산세종경기강원충청북남도전라상제시군구읍면동로길번지층호아파트빌딩"
    "이름성명전화번호휴대폰메일주소우편회사부서직급생년월일성별남녀비고고객주문날짜상품수량금액등급국가도시"
    "이다의가을는에하고지으로사도한리기그어자대시해서나스인일정부여있것수보들제라"
)

# letters beyond ASCII, the frequent ones first, as languages (or neighbours) use them
_WESTERN = "éüöäèáóíßñçãåøâêëôàæîïõúìòùûœýÿðþ"
_GERMAN = "üöäßéèáàâë"
_FRENCH = "éèàêçôîâûùïëœüÿæ"
_SPANISH = "óíáéñúüç"
_PORTUGUESE = "ãçáéóíâêõúàôü"
_NORDIC = "åäöøæéüáóíðþúý"
_POLISH = "łąęśóżćńźéü"
_CZECH = "íáéřýčěšžůúóňťďľôäĺŕöü"
_HUNGARIAN = "áéóöíőüúű"
_ROMANIAN = "ăţşâîșțé"
_CROATIAN = "šćčžđéöü"
_TURKISH = "ıüşğçöİâîû"
_RUSSIAN = "оаеинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"
_UKRAINIAN = "оаиніервтлксудмпязьгбчхйжєшїцющфґ"
_GREEK = "αοιετσνηυρπκμλςίόάγέήωύδχθφώβξζψϊ"
_HEBREW = "ויהלאמרתבשנדחםקעפצטזגכסןךףץ"
_ARABIC = "الينمورتبعدسفهكقحجشطصخةىذضغثأزئءإظؤآ"
_THAI = "านรกอเงมยล่วดทสตะป้บคหแจพชขใไโผซถธศณฟภษฐญฝฉฮ็์ิีุู"
_BALTIC = "āšēīžūņļģķčėįųąęõöäü"


@cache
def _readings() -> list[tuple[str, Language]]:
    """Every encoding with each language it may hold."""
    western = [_alphabet(letters) for letters in (_WESTERN, _GERMAN, _FRENCH, _SPANISH, _PORTUGUESE, _NORDIC)]
    central = [_alphabet(letters) for letters in (_POLISH, _CZECH, _HUNGARIAN, _ROMANIAN, _CROATIAN)]
    cyrillic = [_alphabet(letters, is_latin=False) for letters in (_RUSSIAN, _UKRAINIAN)]
    japanese = _characters(_JAPANESE, "cp932", (0x88, 0x97), others=_KANA)
    others = {
        "cp1254": _alphabet(_TURKISH),
        "cp1257": _alphabet(_BALTIC),
        "cp1253": _alphabet(_GREEK, is_latin=False),
        "cp1255": _alphabet(_HEBREW, is_latin=False),
        "cp1256": _alphabet(_ARABIC, is_latin=False),
        "cp874": _alphabet(_THAI, is_latin=False),
        "gb18030": _characters(_SIMPLIFIED, "gb18030", (0xB0, 0xD7)),
        "big5hkscs": _characters(_TRADITIONAL, "big5hkscs", (0xA4, 0xC6)),
        "cp932": japanese,
        "euc_jp": _characters(_JAPANESE, "euc_jp", (0xB0, 0xCF), others=_KANA),
        "cp949": _characters(_KOREAN, "cp949", (0xB0, 0xC8)),
    }
    return [
        *((encoding, language) for encoding in ("cp1252", "mac_roman", "cp850") for language in western),
        *((encoding, language) for encoding in ("cp1250", "iso8859_2", "mac_latin2") for language in central),
        *((encoding, language) for encoding in ("cp1251", "koi8_u", "cp866", "mac_cyrillic") for language in cyrillic),
        *others.items(),
    ]
