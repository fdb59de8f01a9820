"""How often the topic of an inquiry is told rightly, on inquiries that the model had not seen.

`INTENTS` names the folder of Banking77 (Casanueva and others 2020, CC BY 4.0) with its `banking77_train.csv`: some ten
thousand questions of customers about 77 things; without it there is nothing to measure. Five parts, each judged by a
model that was learned from the other four (`regulars.inbox.guessing.learning`, with the very pieces and weights of the
inbox). “Shown” are the guesses that are sure enough to be suggested to people, with the bound that the model chose
itself from three quarters of the questions, on the last quarter, which it had never seen.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.result import Options, Result


def measure(options: Options) -> Iterator[Result]:  # noqa: ARG001 — the collection has the size it has
    """Ours beside plainer ways in the same five parts; then what people would have been shown."""
    import numpy as np

    from regulars.inbox.guessing import learning
    from regulars.inbox.guessing.pieces import plain

    folder = os.environ.get("INTENTS")
    rows = _rows(Path(folder)) if folder else []
    if not rows:
        return
    texts, wanted = [plain(text) for text, _topic in rows], [topic for _text, topic in rows]
    writers = np.arange(len(rows))
    judged = learning.held_out(learning.counted(texts), wanted, writers)
    others = _others(texts, wanted, writers)
    best = max(others, key=lambda one: others[one])
    yield Result(
        "right topic, of 77",
        len(rows),
        "%",
        100 * float(judged.right.mean()),
        baseline=100 * others[best],
        baseline_name=best,
        note=", ".join(f"{name} {100 * share:.1f} %" for name, share in others.items()),
    )
    yield Result("right topic, asked for", len(rows), "%", 100 * float(judged.right.mean()), 90.0, "at least")
    yield from _shown(texts, wanted)


def _shown(texts: list[str], wanted: list[str]) -> Iterator[Result]:
    """A model of three quarters, asked about the last one as the inbox asks it."""
    from regulars.inbox.guessing.learning import Example, learn

    known = [place for place in range(len(texts)) if place % 4]
    model = learn([Example(texts[place], place, wanted[place]) for place in known], least=5)
    asked = range(0, len(texts), 4)
    said = [(model.topic_of(texts[place]), wanted[place]) for place in asked]
    shown = [(one, topic) for one, topic in said if one is not None and one.is_sure]
    right = sum(one.topic == topic for one, topic in shown)
    sure = sum(one.confidence for one, _topic in shown) / len(shown)
    note = f"{100 * len(shown) / len(said):.1f} % are shown, as {100 * sure:.1f} % sure"
    yield Result("right, of what is shown", len(said), "%", 100 * right / len(shown), 90.0, "at least", note)


def _others(texts: list[str], wanted: list[str], writers: Any) -> dict[str, float]:
    """The plainer ways: words alone, and always saying the same."""
    import numpy as np
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    splits = StratifiedGroupKFold(5, shuffle=True, random_state=1)
    ways = {
        "words, TF-IDF, logistic regression": make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000)),
        "words, naive Bayes": make_pipeline(CountVectorizer(), MultinomialNB()),
    }
    found = {
        name: float(np.mean(cross_val_score(way, texts, wanted, groups=writers, cv=splits)))
        for name, way in ways.items()
    }
    return found | {"the commonest topic": Counter(wanted).most_common(1)[0][1] / len(wanted)}


def _rows(folder: Path) -> list[tuple[str, str]]:
    with (folder / "banking77_train.csv").open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)]
