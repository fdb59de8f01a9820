"""What Hain & Hafen explains to everybody: the help articles of the demo shop, in English and Chinese."""

from __future__ import annotations

from typing import NamedTuple

from regulars.inbox.articles import writing
from regulars.inbox.models import Article, ArticleSection


class Piece(NamedTuple):
    """One article: where it stands, and its title and text in both languages."""

    slug: str
    section: str
    english: tuple[str, str]
    chinese: tuple[str, str]


_SECTIONS = (
    ("delivery", "Orders and delivery", "订单与配送"),
    ("returns", "Returns and damage", "退货与破损"),
    ("goods", "Our goods and their care", "商品与保养"),
    ("business", "For shops and companies", "商家与企业"),
)
_PIECES = (
    Piece("delivery-times", "delivery",
          ("How long does delivery take?",
           ("What is on the shelf leaves our warehouse on the next working day. We pack from Monday to Friday, "
            "9 to 17 "
           "o'clock.\n\n"
           "| Where to | Days after dispatch |\n|---|---|\n| Germany | 1 to 2 |\n| The rest of the EU | 3 to 5 |\n"
           "| United Kingdom, Switzerland, Norway | 4 to 7 |\n| China and elsewhere | 8 to 14 |\n\n"
           "In the four weeks before Christmas everything takes one day longer.\n\n"
           "**Your parcel is late?** See where it is with the link in our dispatch mail. If it has not moved "
           "for three "
           "working days, write to us with the order number; we look for it and send another one if need be.")),
          ("送货需要多长时间？",
           ("有现货的商品会在下一个工作日发出。我们周一至周五 9 点到 17 点打包发货。\n\n"
           "| 寄往 | 发货后天数 |\n|---|---|\n| 德国 | 1 至 2 天 |\n| 欧盟其他国家 | 3 至 5 天 |\n"
           "| 英国、瑞士、挪威 | 4 至 7 天 |\n| 中国及其他地区 | 8 至 14 天 |\n\n"
           "圣诞节前四周，配送会多花一天。\n\n"
           "**包裹迟到了？** 请通过发货邮件里的链接查看包裹位置。如果三个工作日没有更新，请带上订单号联系我们，"
           "我们会查找，"
           "必要时重新寄出。"))),
    Piece("delivery-address", "delivery",
          ("Can I change the delivery address?",
           ("Yes, as long as the parcel has not left. Write to us with your order number and the whole new address: "
           "street, number, postcode, town.\n\n"
           "- Orders before 14 o'clock often leave on the same day, so write soon.\n"
           "- A **neighbour** or a **parcel shop** is possible: tell us, and we keep it for your next orders.\n"
           "- Once the parcel is on its way, the carrier can change it with the link in the dispatch mail.")),
          ("可以更改收货地址吗？",
           ("包裹还没寄出就可以。请把订单号和完整的新地址（街道、门牌号、邮编、城市）发给我们。\n\n"
           "- 14 点之前的订单常常当天发出，请尽快联系我们。\n"
           "- 可以送到**邻居**家或**自提点**：告诉我们，以后的订单也会照办。\n"
           "- 包裹在路上时，可以用发货邮件里的链接请快递公司更改。"))),
    Piece("paying", "delivery",
          ("How can I pay, and where is my invoice?",
           ("You can pay by card, PayPal, bank transfer, Alipay and WeChat Pay. Companies can pay by invoice "
            "from the "
           "second order on.\n\n"
           "The invoice comes by mail when the parcel leaves. Is something wrong on it, or do you need your VAT "
           "number "
           "there? Write to us with the order number: we write it anew, and keep the address for the next ones.\n\n"
           "Did a reminder come although you have paid? Then your payment has crossed our letter. Tell us the day of "
           "the payment, and we put it right.")),
          ("如何付款？发票在哪里？",
           ("您可以用银行卡、PayPal、银行转账、支付宝和微信支付。企业客户从第二笔订单起可以凭发票付款。\n\n"
           "发货时，发票会随邮件寄给您。发票有误，或者需要写上税号？请把订单号告诉我们，我们会重新开具，"
           "并记住新的地址。\n\n"
           "已经付款却收到催款信？说明付款和信件错开了。请告诉我们付款日期，我们会更正。"))),
    Piece("returns", "returns",
          ("How do I send something back?",
           ("You have **30 days** from the day the parcel reached you. The thing should be unused and, if you "
            "still have "
           "it, in its box.\n\n"
           "1. Write to us with the order number and what you send back. A reason helps us, but you need none.\n"
           "2. We send a label by mail. Within Germany it is free.\n"
           "3. Put the label on the parcel and hand it in at any parcel shop.\n\n"
           "The money is with you **two days** after the parcel has reached us, the way you paid.\n\n"
           "Tea that was opened, and things that were made for you with a name, cannot come back. If something is "
           "broken, read [Something arrived broken](/help/arrived-broken).")),
          ("如何退货？",
           ("从收到包裹那天起，您有 **30 天**时间。商品应未使用过，如果包装盒还在，请一并寄回。\n\n"
           "1. 请把订单号和要退的商品告诉我们。说明原因对我们有帮助，但不是必须的。\n"
           "2. 我们会用邮件发送退货标签。德国境内免运费。\n"
           "3. 把标签贴在包裹上，送到任一包裹站。\n\n"
           "我们收到包裹后**两天内**按原付款方式退款。\n\n"
           "已开封的茶叶和刻有名字的定制商品不能退货。如果商品破损，"
           "请看[收到的商品破损了](/help/arrived-broken)。"))),
    Piece("arrived-broken", "returns",
          ("Something arrived broken",
           ("We are sorry. Please do this within seven days:\n\n"
           "1. Take **a photo** of the thing and one of the box it came in.\n"
           "2. Send both to us with the order number.\n\n"
           "Another one leaves on the same day, in a double box. You need not send anything back, and need not "
           "keep the "
           "pieces.\n\n"
           "Is it sold out? Then you get the money, or something else of your choice.")),
          ("收到的商品破损了",
           ("非常抱歉。请在七天内这样做：\n\n"
           "1. 给商品和外包装盒各拍**一张照片**。\n"
           "2. 连同订单号发给我们。\n\n"
           "我们当天用双层包装寄出新的一件。破损的不用寄回，碎片也不用保留。\n\n"
           "如果已经售罄，我们会退款，或者您可以另选一件商品。"))),
    Piece("sizes", "goods",
          ("Sizes of blankets, aprons and cushions",
           ("All sizes are measured by hand and may differ by two centimetres.\n\n"
           "| What | Size |\n|---|---|\n| Wool blanket | 130 × 180 cm |\n| Wool blanket, large | 180 × 220 cm |\n"
           "| Linen cushion | 45 × 45 cm, the cover alone |\n| Apron | 70 × 85 cm, the neck band is adjustable |\n"
           "| Door mat | 45 × 75 cm |\n\n"
           "New linen shrinks by about 4 % in the first wash; we cut it larger for that.")),
          ("毯子、围裙和靠垫的尺寸",
           ("所有尺寸均为手工测量，可能有两厘米的误差。\n\n"
           "| 商品 | 尺寸 |\n|---|---|\n| 羊毛毯 | 130 × 180 厘米 |\n| 大号羊毛毯 | 180 × 220 厘米 |\n"
           "| 亚麻靠垫 | 45 × 45 厘米，仅枕套 |\n| 围裙 | 70 × 85 厘米，颈带可调节 |\n| 门垫 | 45 × 75 厘米 |\n\n"
           "新的亚麻布第一次洗涤会缩水约 4%，我们裁剪时已经留出余量。"))),
    Piece("storing-tea", "goods",
          ("How do I store tea?",
           ("Tea keeps its taste when it is **dry, dark and closed**.\n\n"
           "- Keep it in a tin or one of our storage jars with a rubber ring, not in the fridge.\n"
           "- Not beside coffee or spices: tea takes on every smell.\n"
           "- Black tea stays good for two years, green tea for one. The date stands below the bag.\n\n"
           "For a pot of 0.8 litres take four teaspoons. Green tea wants water of 80 °C and two minutes, black tea "
           "boiling water and three to five.")),
          ("茶叶怎么保存？",
           ("茶叶要**干燥、避光、密封**，才能保持香味。\n\n"
           "- 放在茶罐或带橡胶圈的储物罐里，不要放进冰箱。\n"
           "- 不要和咖啡、香料放在一起：茶叶容易串味。\n"
           "- 红茶可存放两年，绿茶一年。日期印在袋底。\n\n"
           "0.8 升的茶壶放四茶匙。绿茶用 80 °C 的水泡两分钟，红茶用沸水泡三到五分钟。"))),
    Piece("enamel-and-copper", "goods",
          ("Caring for enamel, copper and wood",
           ("**Enamel** may go into the dishwasher, but no steel wool. A chip does no harm: dry the spot, so "
            "that it does "
           "not rust.\n\n"
           "**Copper** goes dark with time. Half a lemon with salt makes it shine again; rinse and dry it "
           "afterwards.\n\n"
           "**Boards of oak and walnut** are washed by hand, and rubbed with linseed or nut oil every other "
           "month. They "
           "never go into the dishwasher.")),
          ("搪瓷、铜器和木制品的保养",
           ("**搪瓷**可以放进洗碗机，但不要用钢丝球。磕掉一小块没有关系：擦干，以免生锈。\n\n"
           "**铜器**会慢慢变暗。用半个柠檬加盐擦拭即可恢复光泽，然后冲洗擦干。\n\n"
           "**橡木和胡桃木砧板**请手洗，每两个月擦一次亚麻籽油或核桃油，切勿放进洗碗机。"))),
    Piece("gift-wrapping", "goods",
          ("Gift wrapping and cards",
           ("Every order can come as a gift. Choose **gift wrapping** in the basket, or write to us before 14 "
            "o'clock.\n\n"
           "- Paper with a linen band; at Christmas with a wooden star.\n"
           "- A card with your words, up to 200 characters, also in Chinese.\n"
           "- No prices are in the parcel. The invoice goes to you by mail.")),
          ("礼品包装和贺卡",
           ("每个订单都可以作为礼物寄出。请在购物车中选择**礼品包装**，或在 14 点前联系我们。\n\n"
           "- 包装纸配亚麻丝带；圣诞节另有木制星星。\n"
           "- 附上您写的贺卡，最多 200 个字符，中文也可以。\n"
           "- 包裹里没有价格。发票用邮件寄给您。"))),
    Piece("wholesale", "business",
          ("Prices for shops and companies",
           ("You sell on, or want gifts for a whole team? From **24 pieces** of one thing on it costs 18 % less.\n\n"
           "Write to us what you need and by when, and with your VAT number. The offer comes within two working "
           "days. "
           "The first order is paid beforehand, later ones by invoice within 14 days.\n\n"
           "Large orders come on a pallet; tell us when your store takes deliveries.")),
          ("商家和企业价格",
           ("您转售商品，或者要为整个团队准备礼物？同一商品 **24 件**起优惠 18%。\n\n"
           "请写明所需商品、时间和税号。我们两个工作日内报价。首单预付，以后可凭发票 14 天内付款。\n\n"
           "大宗订单用托盘运送，请告诉我们店铺的收货时间。"))),
)  # fmt: skip


def explain() -> None:
    """Write and publish the articles that are not there yet; done twice, or begun again, it is the same."""
    sections = {}
    for slug, english, chinese in _SECTIONS:
        known = ArticleSection.objects.filter(slug=slug).first()
        sections[slug] = known or writing.save_section(slug=slug, names={"en": english, "zh-hans": chinese})
    for piece in _PIECES:
        row = Article.objects.filter(slug=piece.slug).first() or writing.create(
            slug=piece.slug, section=sections[piece.section], texts={"en": piece.english, "zh-hans": piece.chinese}
        )
        writing.set_state(row, state="published")
