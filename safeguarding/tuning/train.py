"""Tunes the danger model on data/safeguarding/examples; what it writes is shipped.

Run by ``make tune``. Needs torch; nothing in the product does.
"""

from __future__ import annotations

import copy
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, pi

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from language.normalise import read
from language.spelling import Spelling
from safeguarding.before import CONTEXT, context
from safeguarding.examples import NOTHING, Example
from safeguarding.grams import grams
from safeguarding.model import CUTS
from safeguarding.tuning.low_rank import LowRank
from safeguarding.tuning.network import Batch, Network
from safeguarding.tuning.writing import Writer

LONGEST = 126
_BATCH = 48
_FOLLOWED = 4  # steps after which the running mean follows
_HELD = 160  # steps after which the change is cut to its rank again
_REWRITTEN = 0.45
_PRECEDED = 0.25  # share of lone examples that are read after somebody's harmless words
_OPENING = 60  # characters: the longest of those words
_BURIED = 0.4
_APART, _MARGIN = 0.3, 3.0
_SHORT = 160
_WARM = 0.1
_BODY = ("layers", "first")
_FADED = 0.04  # share of word pieces hidden in training


@dataclass(frozen=True)
class Plan:
    """How long and how fast; ``half`` computes in bfloat16 where the processor has it."""

    epochs: int = 6
    rate: float = 1.2e-4
    head_rate: float = 1e-3
    seed: int = 20
    half: bool = False


@dataclass(frozen=True)
class Row:
    """One text made ready: word pieces, n-grams, the place of its signal, its level, its pair.

    The first ``earlier`` of its pieces belong to the messages before it.
    """

    ids: list[int]
    earlier: int
    grams: list[int]
    signal: int
    level: int
    pair: str | None


class Preparer:
    """Texts into rows, as typed or rewritten, alone or among others' harmless sentences."""

    def __init__(
        self, tokenizer: Tokenizer, spelling: Spelling, order: Sequence[str], seed: int
    ) -> None:
        self._tokenizer = tokenizer
        self._spelling = spelling
        self._place = {signal: place for place, signal in enumerate(order)}
        self._chance = random.Random(seed)  # noqa: S311 - not for secrets
        self._writer = Writer(self._chance)
        self._start, self._end, self._hidden = (
            int(tokenizer.token_to_id(name) or 0) for name in ("[CLS]", "[SEP]", "[MASK]")
        )

    def weights(self, examples: Sequence[Example]) -> Tensor:
        """One weight a signal: rare ones count more, within bounds."""
        counts = Counter(example.signal for example in examples)
        usual = len(examples) / len(self._place)
        return torch.tensor(
            [min(2.0, max(0.3, (usual / max(counts[s], 1)) ** 0.5)) for s in self._place]
        )

    def plain(self, example: Example) -> Row:
        """The text as typed, after those before it."""
        return self._row(example.text, example.before, example, fade=False)

    def varied(self, example: Example, harmless: Sequence[str]) -> Row:
        """The text as typed or rewritten, alone or among harmless ones, some pieces hidden."""
        text, before = example.text, example.before
        if before:
            if self._chance.random() < _REWRITTEN:
                before = tuple(self._writer.rewrite(each) for each in before)
        elif self._chance.random() < _PRECEDED:
            openings = self._chance.choices(harmless, k=3)
            before = tuple(each for each in openings if len(each) <= _OPENING)
        elif self._chance.random() < _BURIED and len(text) < 240:
            around = self._chance.choices(harmless, k=self._chance.choice((1, 1, 2, 3)))
            at = self._chance.randrange(len(around) + 1)
            joint = self._chance.choice((". ", " ", ", ", "\n"))
            text = joint.join([*around[:at], text, *around[at:]])
        if self._chance.random() < _REWRITTEN:
            text = self._writer.rewrite(text)
        return self._row(text, before, example, fade=True)

    def _row(self, text: str, before: Sequence[str], example: Example, *, fade: bool) -> Row:
        words = read(text).text.split()
        ids = self._pieces(words)[:LONGEST]
        turns = [self._pieces(read(each[-CONTEXT.characters :]).text.split()) for each in before]
        earlier = context(turns, self._end)
        if fade:
            ids = [self._hidden if self._chance.random() < _FADED else piece for piece in ids]
        return Row(
            [self._start, *earlier, *ids, self._end],
            1 + len(earlier) if earlier else 0,
            grams(" ".join(words)),
            self._place[example.signal],
            example.level,
            example.pair,
        )

    def _pieces(self, words: Sequence[str]) -> list[int]:
        mended = " ".join(self._spelling.mend(words))
        return self._tokenizer.encode(mended, add_special_tokens=False).ids


def batches(rows: Sequence[Row], size: int, chance: random.Random) -> Iterator[list[Row]]:
    """Rows in random order, but those of like length together, so that little is padded, and the
    halves of a pair in the same batch, so that they are told apart."""
    together: dict[object, list[Row]] = {}
    for number, row in enumerate(rows):
        together.setdefault(row.pair or number, []).append(row)
    units = list(together.values())
    chance.shuffle(units)
    width = size * 20
    groups = []
    for start in range(0, len(units), width):
        block = sorted(units[start : start + width], key=lambda u: max(len(r.ids) for r in u))
        group: list[Row] = []
        for unit in block:
            group.extend(unit)
            if len(group) >= size:
                groups.append(group)
                group = []
        if group:
            groups.append(group)
    chance.shuffle(groups)
    yield from groups


def tensors(rows: Sequence[Row]) -> Batch:
    """The rows as one padded batch."""
    width = max(len(row.ids) for row in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.zeros(len(rows), width, dtype=torch.bool)
    earlier = torch.zeros(len(rows), width, dtype=torch.bool)
    for number, row in enumerate(rows):
        ids[number, : len(row.ids)] = torch.tensor(row.ids)
        mask[number, : len(row.ids)] = True
        earlier[number, : row.earlier] = True
    flat = [gram for row in rows for gram in row.grams]
    starts = [0]
    for row in rows[:-1]:
        starts.append(starts[-1] + len(row.grams))
    return Batch(ids, mask, earlier, torch.tensor(flat), torch.tensor(starts))


def loss(network: Network, rows: Sequence[Row], weights: Tensor) -> Tensor:
    """Which signal, how high, and which half of a pair is the danger.

    Cross entropy of the signal, weighed so that rare ones count, and of the three cuts; a hinge
    that keeps the halves of a minimal pair apart at every cut that lies between them.
    """
    signals, cuts, _ = network(tensors(rows))
    places = torch.tensor([row.signal for row in rows])
    levels = torch.tensor([row.level for row in rows])
    reached = torch.stack([(levels >= cut).float() for cut in CUTS], 1)
    which = functional.cross_entropy(signals.float(), places, weight=weights, label_smoothing=0.05)
    high = functional.binary_cross_entropy_with_logits(cuts.float(), reached)
    return which + 2 * high + _APART * _pairs_apart(rows, cuts.float())


def _pairs_apart(rows: Sequence[Row], cuts: Tensor) -> Tensor:
    halves: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        if row.pair is not None:
            halves.setdefault(row.pair, []).append(number)
    apart = []
    for both in halves.values():
        first, *_, last = sorted([both[0], both[-1]], key=lambda n: rows[n].level)
        lower, higher = rows[first].level, rows[last].level
        apart += [(first, last, n) for n, cut in enumerate(CUTS) if lower < cut <= higher]
    if not apart:
        return torch.zeros(())
    low, high, cut = torch.tensor(apart).T
    return functional.softplus(_MARGIN - (cuts[high, cut] - cuts[low, cut])).mean()


def train(
    network: Network,
    prepare: Preparer,
    examples: Sequence[Example],
    plan: Plan,
    rank: LowRank,
) -> Network:
    """Tunes what requires a gradient; returns the running mean of the weights, last steps most."""
    chance = random.Random(plan.seed)  # noqa: S311 - not for secrets
    harmless = [e.text for e in examples if e.signal == NOTHING and len(e.text) < _SHORT]
    weights = prepare.weights(examples)
    mean = copy.deepcopy(network)
    free = [(n, p) for n, p in network.named_parameters() if p.requires_grad]
    body = [p for n, p in free if n.startswith(_BODY)]
    heads = [p for n, p in free if not n.startswith(_BODY)]
    rates = (plan.rate, plan.head_rate)
    optimiser = torch.optim.AdamW(
        [{"params": body}, {"params": heads}], lr=plan.rate, weight_decay=0.02, fused=True
    )
    step = 0
    for epoch in range(plan.epochs):
        began, total = time.monotonic(), 0.0
        network.train()
        rows = [prepare.varied(example, harmless) for example in examples]
        groups = list(batches(rows, _BATCH, chance))
        for number, group in enumerate(groups):
            done = (epoch + number / len(groups)) / plan.epochs
            for part, rate in zip(optimiser.param_groups, rates, strict=True):
                part["lr"] = rate * _pace(done)
            with torch.autocast("cpu", torch.bfloat16, enabled=plan.half):
                now = loss(network, group, weights)
            optimiser.zero_grad()
            now.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            step += 1
            if step % _HELD == 0:
                rank.hold(network)
            total += float(now.detach())
            if step % _FOLLOWED == 0:
                _follow(mean, network, min(0.992, step / (step + 80)))
        took = time.monotonic() - began
        print(f"epoch {epoch + 1} of {plan.epochs}: loss {total / len(groups):.3f}, {took:.0f} s")
        sys.stdout.flush()
    return mean.eval()


def _pace(done: float) -> float:
    """The share of the full rate: rising over the first tenth, then falling as a cosine."""
    if done < _WARM:
        return 0.04 + 0.96 * done / _WARM
    return 0.001 + 0.999 * (1 + cos(pi * (done - _WARM) / (1 - _WARM))) / 2


def _follow(mean: Network, network: Network, kept: float) -> None:
    with torch.no_grad():
        torch._foreach_lerp_(list(mean.parameters()), list(network.parameters()), 1 - kept)
