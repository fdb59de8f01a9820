"""Whatever changes something says so: every verb that writes records a fact, or stands here with the reason."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]

WRITES = {
    *("save", "create", "bulk_create", "bulk_update", "update", "delete", "get_or_create", "update_or_create"),
    *("_raw_delete", "executemany", "write_text", "write_bytes"),
}
RECORDS = {
    ("regulars.timeline.actions.recording", "record"),
    ("regulars.timeline.actions.recording", "record_many"),
    ("regulars.timeline.actions.reading", "note_read"),
    ("regulars.timeline.actions.reading", "note_reads"),
    ("regulars.timeline.actions.blanking", "blank_many"),
}

# Why a verb that writes need not say so: `module.function: reason`.
DERIVED = "it follows from what others recorded, and can be built again"
PART = "a step of verbs that record"
HOUSEKEEPING = "it forgets what nobody can use any more, and nothing of a person that is not recorded elsewhere"
NOTHING_KEPT = "it reads, checks or builds; whoever keeps it records that"
SILENT: dict[str, str] = {
    **dict.fromkeys(
        (f"channels.actions.pulling.{name}" for name in ("pull", "pull_changes", "pull_soon")),
        "what a platform tells is recorded with every order and person that it changes",
    ),
    "orders.actions.links.note_opened": "a customer opened their own page; nobody of the shop did anything",
    "orders.actions.products.write_products": PART,
    **dict.fromkeys(
        (f"orders.actions.sales.{name}" for name in ("reckon_sales", "link_lines", "add_up_sales", "follow_import")),
        DERIVED,
    ),
    "customers.actions.bulk.plan": "a plan changes nobody; applying, stopping and discarding it is recorded",
    "customers.actions.bulk.make_plan": "a plan changes nobody; applying, stopping and discarding it is recorded",
    "customers.actions.bulk.tidy": HOUSEKEEPING,
    "customers.actions.bulk.take_back_in_words": PART,
    "customers.actions.consent.derive_consents": DERIVED,
    "customers.actions.custom_fields.checked_values": NOTHING_KEPT,
    "customers.actions.duplicates.find_duplicates": "it writes down what is likely; what people decide is recorded",
    "customers.actions.importing.begin": PART,
    "customers.actions.importing.finish": PART,
    "customers.actions.imports.open_file": NOTHING_KEPT,
    "customers.actions.imports.guessed": NOTHING_KEPT,
    "customers.actions.notes.see_mentions": "that somebody read the page is recorded when it is opened",
    "customers.actions.profile.write": PART,
    "customers.actions.suggesting.suggest_duplicates": "it writes down what is likely; what people decide is recorded",
    **dict.fromkeys((f"inbox.actions.changing.{name}" for name in ("relink", "restore", "silence")), PART),
    **dict.fromkeys((f"inbox.actions.assigning.{name}" for name in ("in_turn", "least_loaded")), PART),
    "inbox.actions.drafts.keep_draft": "a draft is nobody's word yet; the answer that it becomes is recorded",
    "inbox.actions.drafts.see_mentions": "that somebody read the conversation is recorded when it is opened",
    "inbox.actions.mailboxes.try_mailbox": "it notes what the server said; joining a mailbox is recorded",
    "inbox.actions.offers.decline": "nothing moves: the mail stays where it was recorded",
    "orders.actions.drafts.new_order": NOTHING_KEPT,
    "orders.actions.drafts.new_return": NOTHING_KEPT,
    "orders.actions.balance.become": PART,
    "orders.actions.choosing.choose": NOTHING_KEPT,
    "orders.actions.details.replace": PART,
    "orders.actions.details.write": PART,
    "orders.actions.numbering.next_draft_number": "the order that gets the number says so",
    "orders.actions.numbering.next_order_number": "the order that gets the number says so",
    "orders.actions.orders.refresh_figures": DERIVED,
    "orders.actions.return_steps.let_count": PART,
    "orders.actions.return_steps.pay_back": PART,
    "orders.actions.return_steps.refund_of": NOTHING_KEPT,
    "orders.actions.return_steps.write": PART,
    "orders.actions.figures.refresh": DERIVED,
    "orders.actions.figures.follow_merge": DERIVED,
    "orders.actions.bulk.write_return_lines": PART,
    "orders.actions.numbers.note_numbers": DERIVED,
    "orders.actions.numbers.index_numbers": DERIVED,
    "orders.actions.numbers.index_noted_numbers": DERIVED,
    "orders.actions.settlement.settle": PART,
    "orders.actions.settlement.point_returns": PART,
    "segments.actions.groups.note_past_sizes": DERIVED,
    "segments.actions.moving.begin": PART,
    "segments.actions.moving.end_spells": PART,
    "segments.actions.moving.forget": PART,
    "segments.actions.moving.note_sizes": DERIVED,
    "segments.actions.moving.take_turn": PART,
    "segments.actions.moving.write_members": PART,
    "segments.actions.picking.settle": PART,
    "staff.actions.throttle.count_try": "the pause that follows is recorded, and so is every sign-in",
    "staff.actions.throttle.forgive": "the sign-in that follows is recorded",
    "staff.actions.throttle.forget_old_tries": HOUSEKEEPING,
    "staff.actions.tokens.find_token": "what is done with the token is recorded with its id",
    "timeline.actions.reading.open_words": NOTHING_KEPT,
}


@cache
def tree_of(module):
    path = ROOT / (module.replace(".", "/") + ".py")
    if not path.exists():
        path = ROOT / module.replace(".", "/") / "__init__.py"
    return ast.parse(path.read_text(encoding="utf-8")) if path.exists() else None


@cache
def names_of(module):
    """What names mean in a module: `{name: (module, name)}`, or `{name: (module, None)}` for a module."""
    known = {}
    tree = tree_of(module)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("regulars"):
            for one in node.names:
                inner = f"{node.module}.{one.name}"
                known[one.asname or one.name] = (inner, None) if tree_of(inner) else (node.module, one.name)
    for node in tree.body if tree else ():
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            known[node.name] = (module, node.name)
    return known


def resolve(module, name):
    """The module that defines a name that another one may only pass on."""
    seen = set()
    while (module, name) not in seen:
        seen.add((module, name))
        found = names_of(module).get(name)
        if found is None or found[1] is None:
            return (module, name)
        module, name = found
    return (module, name)


@cache
def body_of(module, name):
    tree = tree_of(module)
    for node in tree.body if tree else ():
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return node
    return None


@cache
def looks(module, name):
    """(the functions it calls, whether it writes itself)."""
    calls, writes = set(), False
    for node in ast.walk(body_of(module, name) or ast.Module(body=[], type_ignores=[])):
        if isinstance(node, ast.Name) and node.id in names_of(module):
            target = names_of(module)[node.id]
            if target[1] is not None:
                calls.add(resolve(*target))
        elif isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id in names_of(module):
                inner, kind = names_of(module)[node.value.id]
                if kind is None:
                    calls.add(resolve(inner, node.attr))
                    writes |= (inner, node.attr) in {
                        ("regulars.core.bulk", "insert"),
                        ("regulars.core.bulk", "update"),
                    }
                    continue
            if node.attr in WRITES and not (isinstance(node.value, ast.Name) and node.value.id in {"values", "found"}):
                writes = True
    writes |= bool(calls & {("regulars.core.bulk", "insert"), ("regulars.core.bulk", "update")})
    if writes and ("regulars.timeline.models", "Entry") in calls:
        calls.add(("regulars.timeline.actions.recording", "record_many"))  # bulk verbs insert entries themselves
    calls = {one for one in calls if ".models" not in f"{one[0]}."}
    return frozenset(calls - {(module, name)}), writes


def reached(module, name):
    """Every function of ours that a function leads to."""
    waiting, seen = [(module, name)], set()
    while waiting:
        one = waiting.pop()
        if one in seen or not one[0].startswith("regulars"):
            continue
        seen.add(one)
        waiting += looks(*one)[0]
    return seen


def verbs():
    """The public functions of all actions."""
    for path in sorted(ROOT.glob("regulars/*/actions/**/*.py")) + sorted(ROOT.glob("regulars/*/actions.py")):
        if path.name == "__init__.py" or "tests" in path.parts:
            continue
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in tree_of(module).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield module, node.name


def silent_verbs():
    found = []
    for module, name in verbs():
        known = reached(module, name)
        if any(looks(*one)[1] for one in known) and not known & RECORDS:
            found.append(f"{module}.{name}".removeprefix("regulars."))
    return found


def test_every_verb_that_writes_says_so_or_has_a_reason():
    silent = silent_verbs()
    assert sorted(set(silent) - SILENT.keys()) == [], "record a fact, or say here why not"
    assert sorted(SILENT.keys() - set(silent)) == [], "these say so now; take them off the list"


def test_the_search_for_silent_verbs_sees_what_is_there():
    assert len(list(verbs())) > 80
    known = reached("regulars.customers.actions.profile", "create_customer")
    assert known & RECORDS
    assert not reached("regulars.channels.actions", "channel_for") & {("regulars.nowhere", "record")}
