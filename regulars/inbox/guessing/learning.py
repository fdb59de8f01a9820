"""Learning: TF-IDF over words and runs of characters, and a linear classifier; measured on what it has not seen.

This module loads scikit-learn: it is for the child process and for measurements, never for the shop's own processes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.svm import LinearSVC

from regulars.inbox.guessing.model import Answers, Figures, Model, Sureness, Topics
from regulars.inbox.guessing.pieces import BLOCKS

FOLDS: Final = 5
SURE: Final = 0.9
"""Of what is shown, at least this share is right, on inquiries that the model had not seen."""
NEAREST, OFFERED = 10, 3
OTHERS: Final = ""  # what topics with too few examples are together: never suggested, and told apart from the others
_WRITERS: Final = 2  # a piece counts that so many people wrote: what one alone wrote is not in the model
_MOST_PIECES: Final = 60_000  # of each sort
_HEAVIEST: Final = 150  # pieces that are kept of an inquiry to be compared with
_LEAST_SHOWN: Final = 20  # fewer held-out cases than this say nothing
_SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Example:
    """One inquiry: its plain text, who wrote it, its topic and the canned answers it got, where it has them."""

    text: str
    writer: int
    topic: str = ""
    canned: tuple[str, ...] = ()


def learn(examples: Sequence[Example], *, least: int) -> Model:
    """A model of these inquiries; of topics where two have `least` examples each, of answers where any was given."""
    counts = counted([one.text for one in examples])
    writers = np.array([one.writer for one in examples])
    space = Space(counts, writers)
    model = Model(pieces=space.pieces(counts), weights=[list(map(float, block.idf)) for block in space.blocks])
    known = Counter(one.topic for one in examples if one.topic)
    enough = {topic for topic, count in known.items() if count >= least}
    if len(enough) > 1:
        rows = [row for row, one in enumerate(examples) if one.topic]
        wanted = [examples[row].topic if examples[row].topic in enough else OTHERS for row in rows]
        if wanted.count(OTHERS) < least:
            rows = [row for row, topic in zip(rows, wanted, strict=True) if topic != OTHERS]
            wanted = [topic for topic in wanted if topic != OTHERS]
        part = [block[rows] for block in counts.blocks]
        model.topics = _topics(Counts(part, counts.names), wanted, writers[rows], space)
    model.answers = _answers(examples, counts, space)
    return model


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each piece stands in each text, by sort of piece."""

    blocks: list[Any]
    names: list[Any]


def counted(texts: Sequence[str]) -> Counts:
    """Count the pieces of plain texts."""
    blocks, names = [], []
    for block in BLOCKS:
        counter = CountVectorizer(analyzer=block, dtype=np.float32)
        # an empty text has no pieces at all; one that is always there keeps the matrix whole
        blocks.append(counter.fit_transform([text or "0" for text in texts]))
        names.append(counter.get_feature_names_out())
    return Counts(blocks, names)


class Block:
    """One sort of piece: which count, and how much each weighs."""

    def __init__(self, counts: Any, writers: Any) -> None:
        present = counts.sign()
        _names, group = np.unique(writers, return_inverse=True)
        groups = csr_matrix((np.ones(len(group), np.float32), (group, np.arange(len(group)))))
        wrote = np.asarray((groups @ present).sign().sum(axis=0)).ravel()
        columns = np.flatnonzero(wrote >= min(_WRITERS, len(groups.indptr) - 1))
        if len(columns) > _MOST_PIECES:
            columns = np.sort(columns[np.argsort(-wrote[columns], kind="stable")[:_MOST_PIECES]])
        self.columns = columns
        self.transform = TfidfTransformer(sublinear_tf=True).fit(counts[:, columns])
        self.idf = self.transform.idf_


class Space:
    """The pieces that count, and their weights, learned from some texts."""

    def __init__(self, counts: Counts, writers: Any) -> None:
        self.blocks = [Block(block, writers) for block in counts.blocks]

    def vectors(self, counts: Counts) -> Any:
        """Texts as rows of weights, each sort of piece of length one."""
        parts = [
            mine.transform.transform(theirs[:, mine.columns])
            for mine, theirs in zip(self.blocks, counts.blocks, strict=True)
        ]
        return hstack(parts, format="csr", dtype=np.float32)

    def pieces(self, counts: Counts) -> list[list[str]]:
        """The pieces themselves, in the order of their columns."""
        return [list(map(str, names[mine.columns])) for mine, names in zip(self.blocks, counts.names, strict=True)]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What was said of texts that the model had not seen: the topic, how far it was before the next one."""

    said: Any
    margin: Any
    right: Any


def held_out(counts: Counts, wanted: Sequence[str], writers: Any, *, folds: int = FOLDS) -> HeldOut:
    """Every text, judged by a model that knows neither it nor anything else by the same writer."""
    topics = np.array(wanted)
    said = np.full(len(topics), OTHERS, dtype=object)
    margin = np.zeros(len(topics))
    splits = StratifiedGroupKFold(folds, shuffle=True, random_state=_SEED)
    for known, unknown in splits.split(topics, topics, writers):
        if not len(unknown):
            continue
        fitted = _classifier(counts, topics, writers, known)
        said[unknown], margin[unknown] = fitted(unknown)
    return HeldOut(said, margin, said == topics)


def _classifier(counts: Counts, topics: Any, writers: Any, known: Any) -> Any:
    """A function that judges rows, learned from other rows."""
    mine = Counts([block[known] for block in counts.blocks], counts.names)
    if len(set(topics[known])) < 2:
        only = topics[known][0]
        return lambda rows: (np.full(len(rows), only, dtype=object), np.zeros(len(rows)))
    space = Space(mine, writers[known])
    machine = LinearSVC(C=1).fit(space.vectors(mine), topics[known])

    def judge(rows: Any) -> tuple[Any, Any]:
        scores = _scores(machine, space.vectors(Counts([block[rows] for block in counts.blocks], counts.names)))
        best = np.sort(scores, axis=1)
        return machine.classes_[scores.argmax(axis=1)], best[:, -1] - best[:, -2]

    return judge


def _scores(machine: Any, vectors: Any) -> Any:
    scores = machine.decision_function(vectors)
    return np.column_stack([-scores, scores]) if scores.ndim == 1 else scores


def _topics(counts: Counts, wanted: Sequence[str], writers: Any, space: Space) -> Topics:
    judged = held_out(counts, wanted, writers)
    machine = LinearSVC(C=1).fit(space.vectors(counts), np.array(wanted))
    coefficients, bias = machine.coef_, machine.intercept_
    if len(machine.classes_) == 2:
        coefficients, bias = np.vstack([-coefficients, coefficients]), np.concatenate([-bias, bias])
    sure = sureness(judged)
    is_shown = (judged.margin >= sure.least) & (judged.said != OTHERS) if sure.is_any else np.zeros(len(wanted), bool)
    return Topics(
        names=[str(one) for one in machine.classes_],
        coefficients=[float(one) for one in coefficients.T.astype(np.float32).ravel()],
        bias=[float(one) for one in bias],
        sure=sure,
        figures=Figures(
            count=len(wanted),
            accuracy=float(judged.right.mean()),
            usual=Counter(wanted).most_common(1)[0][1] / len(wanted),
            shown=float(is_shown.mean()),
            precision=float(judged.right[is_shown].mean()) if is_shown.any() else 0.0,
        ),
    )


def sureness(judged: HeldOut) -> Sureness:
    """How sure a margin is, and from which margin on at least SURE of what is said is right.

    Sure is by Platt's way (1999), with his two targets, so that a few cases that were all right are no certainty. The
    bound holds for the lower end of what the cases say (Wilson 1927, one standard error).
    """
    right = judged.right.sum()
    yes, no = (right + 1) / (right + 2), 1 / (len(judged.right) - right + 2)
    target = np.where(judged.right, yes, no)
    margins = np.concatenate([judged.margin, judged.margin])[:, None]
    answers = np.repeat([1, 0], len(target))
    fitted = LogisticRegression(C=1e6).fit(margins, answers, sample_weight=np.concatenate([target, 1 - target]))
    slope, offset = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if slope <= 0:
        slope, offset = 0.0, float(np.log(target.mean() / (1 - target.mean())))
    order = np.argsort(-judged.margin, kind="stable")
    order = order[judged.said[order] != OTHERS]
    if not len(order):
        return Sureness(slope, offset, 0.0, is_any=False)
    shown = np.arange(1, len(order) + 1)
    share = np.cumsum(judged.right[order]) / shown
    lower = (share + 1 / (2 * shown) - np.sqrt(share * (1 - share) / shown + 1 / (4 * shown**2))) / (1 + 1 / shown)
    holds = np.flatnonzero((lower >= SURE) & (shown >= _LEAST_SHOWN))
    if not len(holds):
        return Sureness(slope, offset, 0.0, is_any=False)
    return Sureness(slope, offset, float(judged.margin[order[holds[-1]]]), is_any=True)


def _answers(examples: Sequence[Example], counts: Counts, space: Space) -> Answers | None:
    rows = [row for row, one in enumerate(examples) if one.canned]
    if not rows:
        return None
    vectors = space.vectors(Counts([block[rows] for block in counts.blocks], counts.names)) / np.sqrt(2)
    given = [list(examples[row].canned) for row in rows]
    writers = np.array([examples[row].writer for row in rows])
    near = (vectors @ vectors.T).toarray()
    near[writers[:, None] == writers[None, :]] = 0.0
    hits = 0
    for line, mine in zip(near, given, strict=True):
        nearest = [(float(line[other]), given[other]) for other in np.argsort(-line)[:NEAREST]]
        hits += bool(set(Answers.ranked(nearest)[:OFFERED]) & set(mine))
    kept = []
    for row in range(len(rows)):
        line = vectors[row]
        heaviest = np.argsort(-line.data, kind="stable")[:_HEAVIEST]
        kept.append([(int(line.indices[at]), float(line.data[at])) for at in heaviest])
    return Answers(given=given, vectors=kept, hits=hits / len(given))
