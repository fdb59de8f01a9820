"""Bring in a file of products: Shopify's own export, or any table with a row for each product or variant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from regulars.channels.actions import channel_for
from regulars.channels.models import Channel
from regulars.core.errors import Invalid
from regulars.core.importing import Run, find_columns, rolled_back
from regulars.core.tabular import Line, open_table
from regulars.orders.actions.products import change_product, new_product, write_products
from regulars.orders.actions.sales import reckon_sales
from regulars.orders.models import Product, Variant
from regulars.orders.product_facts import ProductsImported
from regulars.orders.queries.catalogue import owned
from regulars.timeline.actions import record

_FROM_FILE = "file:"
_AT_ONCE = 200
_DEFAULT = "Default Title"  # what Shopify calls the one variant of a product that has none
_NO = frozenset({"false", "no", "0", "n", "draft", "archived", "否", "下架"})

KNOWN: Mapping[str, tuple[str, ...]] = {
    "handle": ("Handle", "URL handle", "product id", "parent sku", "商品编码", "商品ID"),
    "title": (
        "Title",
        "product",
        "product name",
        "name",
        "post title",
        "description",
        "商品名称",
        "商品标题",
        "宝贝标题",
    ),
    "category": ("Type", "category", "categories", "product type", "product category", "department", "类目", "分类"),
    "brand": ("Vendor", "brand", "manufacturer", "品牌"),
    "tags": ("Tags", "标签"),
    "published": ("Published", "published on online store", "active", "status", "on sale", "状态"),
    "status": ("Status",),
    "option1": ("Option1 Value", "variant", "variant title", "size", "规格"),
    "option2": ("Option2 Value",),
    "option3": ("Option3 Value",),
    "sku": ("Variant SKU", "SKU", "stock code", "stockcode", "article", "item number", "货号", "SKU编码"),
    "price": ("Variant Price", "price", "regular price", "unit price", "价格", "售价"),
    "cost": ("Cost per item", "cost", "unit cost", "purchase price", "成本", "成本价"),
    "currency": ("currency", "货币", "币种"),
    "barcode": ("Variant Barcode", "barcode", "EAN", "GTIN", "条码"),
    "image_url": ("Image Src", "image", "image url", "images", "product image url", "图片"),
    "url": ("URL", "link", "permalink", "product url", "链接"),
}


@dataclass(slots=True)
class _Draft:
    """A product as the rows of one handle say it."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)
    variants: list[dict[str, Any]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    problem: str = ""


def import_products(
    file: Path,
    *,
    run: Run,
    mapping: Mapping[str, str],
    channel_code: str = "",
    reading: Mapping[str, str] | None = None,
) -> None:
    """Read a file of products; `run` counts them, and gives back what cannot be used.

    Rows of one handle, wherever they stand, are one product, and each row that has a price, a SKU or an option is a
    variant of it; without a handle the title says what belongs together. A product of an earlier file is found again by
    its handle and becomes what the file says; columns the file does not have change nothing. What a shop system keeps
    is left as it is. Raises Unreadable or Invalid where the file as a whole cannot be used.
    """
    table = open_table(file, **(reading or {}))
    run.rejects.header = table.header
    columns = find_columns(table.header, known=KNOWN, chosen=mapping)
    if not columns.keys() & {"title", "handle"}:
        sentence = _("No column says what the products are called. Name it: --map title=COLUMN.")
        raise Invalid(sentence, fields={})
    taken = set(columns.values())
    run.summary.not_imported = [table.label(at) for at in range(len(table.header)) if at not in taken]
    run.summary.findings = [finding._asdict() for finding in table.findings]
    drafts: dict[str, _Draft] = {}
    for line in run.watched(table.rows()):
        _read(line, columns, drafts, run)
    with rolled_back(run.is_dry_run):
        channel = channel_for(channel_code)
        known = _known(channel)
        every = list(drafts.values())
        for start in range(0, len(every), _AT_ONCE):
            with transaction.atomic():
                some = every[start : start + _AT_ONCE]
                new = [_write(draft, channel, known, columns, run) for draft in some]
                write_products([pair for pair in new if pair is not None])
            run.progress()
        done = run.summary
        if done.rows:
            record(
                ProductsImported(
                    file=file.name, rows=done.rows, created=done.created, updated=done.updated, rejected=done.rejected
                )
            )
            reckon_sales()


def _read(line: Line, columns: Mapping[str, int], drafts: dict[str, _Draft], run: Run) -> None:
    """Put a row to the product it belongs to, or give it back."""
    if line.problem:
        run.reject(line.number, line.cells, line.problem)
        return
    cells = {name: line.cells[at].strip() for name, at in columns.items()}
    key = cells.get("handle") or cells.get("title", "")
    if not key:
        run.reject(line.number, line.cells, _("Nothing on this row says which product it is."))
        return
    draft = drafts.setdefault(key.casefold(), _Draft(key=key))
    draft.lines.append(line)
    if not draft.values and cells.get("title"):
        draft.values = _product(cells)
    try:
        variant = _variant(cells)
    except InvalidOperation:
        draft.problem = draft.problem or _("A price of it cannot be read: write it as 12.50.")
        return
    if variant is not None:
        draft.variants.append(variant)


def _product(cells: Mapping[str, str]) -> dict[str, Any]:
    said = [cells[name].casefold() for name in ("published", "status") if cells.get(name)]
    values: dict[str, Any] = {name: cells[name] for name in ("title", "category", "brand") if name in cells}
    if "tags" in cells:
        values["tags"] = [tag.strip() for tag in cells["tags"].split(",") if tag.strip()]
    for name in ("image_url", "url"):
        if name in cells:
            first = cells[name].split(",")[0].strip()
            values[name] = first if first.startswith(("http://", "https://")) else ""
    if "published" in cells or "status" in cells:
        values["is_active"] = not any(word in _NO for word in said)
    return values


def _variant(cells: Mapping[str, str]) -> dict[str, Any] | None:
    """The variant of a row; None where it has only another picture."""
    options = [cells[name] for name in ("option1", "option2", "option3") if cells.get(name)]
    if not options and not any(cells.get(name) for name in ("sku", "price", "cost", "barcode")):
        return None
    title = " / ".join(options)
    return {
        "title": "" if title == _DEFAULT else title[:120],
        **{name: cells[name] for name in ("sku", "barcode") if name in cells},
        **{name: _amount(cells[name]) for name in ("price", "cost") if name in cells},
        **({"currency": cells["currency"]} if cells.get("currency") else {}),
    }


def _amount(text: str) -> Decimal | None:
    """A price without its sign: £1,234.50, 1.234,50 €, 12,5. Raises InvalidOperation."""
    kept = "".join(sign for sign in text if sign.isdigit() or sign in ".,-")
    if not kept:
        if text:
            raise InvalidOperation(text)
        return None
    comma, point = kept.rfind(","), kept.rfind(".")
    if comma > point:
        is_thousand = kept.count(",") > 1 or (point == -1 and len(kept) - comma - 1 == 3)
        kept = kept.replace(",", "") if is_thousand else kept.replace(".", "").replace(",", ".")
    else:
        kept = kept.replace(",", "")
    return Decimal(kept)


def _known(channel: Channel) -> dict[str, Product]:
    """The products of earlier files, by the key they had there."""
    rows = Variant.objects.filter(product__channel=channel, external_id__startswith=_FROM_FILE)
    return {row.external_id.removeprefix(_FROM_FILE): row.product for row in rows.select_related("product__channel")}


def _write(
    draft: _Draft, channel: Channel, known: Mapping[str, Product], columns: Mapping[str, int], run: Run
) -> tuple[Product, list[Variant]] | None:
    """Change a known product, answer a new one to be written with others, or give the rows back."""
    external = draft.key.casefold()[: 120 - len(_FROM_FILE)]
    product = known.get(external)
    problem = draft.problem
    if not problem and not draft.values and product is None:
        problem = _("No row of this product has its title.")
    if not problem:
        rows = [{**row, "external_id": f"{_FROM_FILE}{external}"} for row in draft.variants or [{}]]
        try:
            with transaction.atomic():
                return _put(product, draft, rows, channel, columns, run)
        except Invalid as refused:
            problem = refused.sentence
    if problem:
        for line in draft.lines:
            run.reject(line.number, line.cells, problem)
    return None


def _put(
    product: Product | None,
    draft: _Draft,
    rows: list[dict[str, Any]],
    channel: Channel,
    columns: Mapping[str, int],
    run: Run,
) -> tuple[Product, list[Variant]] | None:
    if product is None:
        made = new_product(channel=channel, values=draft.values, variants=rows)
        run.summary.created += 1
        return made
    if owned([product.pk]):
        run.summary.unchanged += 1
    else:
        now = change_product(product, values=draft.values, variants=_matched(product, rows, columns))
        is_same = now.version == product.version
        run.summary.unchanged += is_same
        run.summary.updated += not is_same
    return None


def _matched(product: Product, rows: list[dict[str, Any]], columns: Mapping[str, int]) -> list[dict[str, Any]]:
    """The rows with the variants they are, by SKU, else by title; what the file has no column for stays."""
    left = list(product.variants.all())
    matched = []
    for row in rows:
        sku, title = row.get("sku", ""), row.get("title", "")
        same = next((one for one in left if sku and one.sku == sku), None) or next(
            (one for one in left if one.title == title and (not sku or not one.sku)), None
        )
        if same is None:
            matched.append(row)
            continue
        left.remove(same)
        kept = {
            name: getattr(same, name)
            for name in ("sku", "barcode", "price", "cost", "currency")
            if name not in columns and name not in row
        }
        matched.append({"currency": same.currency, "is_active": same.is_active, **kept, **row, "id": same.pk})
    return matched
