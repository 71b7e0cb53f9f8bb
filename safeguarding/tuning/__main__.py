"""``python -m safeguarding.tuning --weights FOLDER``: trains and writes safeguarding/weights."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from language.build import TOKENIZER_SHA256, WEIGHTS_FILE, WEIGHTS_SHA256, checked
from language.embedding import TOKENIZER_FILE
from language.spelling import Spelling
from safeguarding.examples import NOTHING, load_examples, load_turns
from safeguarding.model import UNFITTED
from safeguarding.signals import load_signals
from safeguarding.tuned import FOLDER, Array, Tuned, data_digest
from safeguarding.tuning.low_rank import LowRank
from safeguarding.tuning.network import Network, public_name
from safeguarding.tuning.train import Plan, Preparer, train
from safeguarding.words import count_words, known_words

DATA = Path(__file__).resolve().parents[2] / "data" / "safeguarding"
_UNFITTED = {"calibration": UNFITTED, "thresholds": [0.5, 0.5, 0.5]}


def whole(network: Network) -> dict[str, Array]:
    """A copy of the network's weights under the names of the public ones."""
    named = network.state_dict().items()
    return {public_name(name): value.float().numpy().copy() for name, value in named}


def go_on(network: Network, weights: Mapping[str, Array]) -> None:
    """Puts whole weights into the network."""
    state = network.state_dict()
    for name in state:
        state[name] = torch.from_numpy(weights[public_name(name)])
    network.load_state_dict(state)


def main() -> None:
    """Train on the examples and save; ``safeguarding.tuning.calibrate`` goes on from there."""
    parser = argparse.ArgumentParser(prog="safeguarding.tuning", description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--epochs", type=int, default=Plan.epochs)
    parser.add_argument("--half", action="store_true", help="compute in bfloat16")
    parser.add_argument(
        "--onward",
        action="store_true",
        help="from the shipped layers, at a third of the pace; ships the mean of both ends",
    )
    chosen = parser.parse_args()
    plan = Plan(epochs=chosen.epochs, half=chosen.half)
    if chosen.onward:
        plan = replace(plan, rate=plan.rate / 3, head_rate=plan.head_rate / 3)
    weights = checked(chosen.weights / WEIGHTS_FILE, WEIGHTS_SHA256)
    tokenizer = Tokenizer.from_file(str(checked(chosen.weights / TOKENIZER_FILE, TOKENIZER_SHA256)))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    order = [*load_signals(DATA / "signals.yml"), NOTHING]
    examples = [*load_examples(DATA / "examples"), *load_turns(DATA / "examples")]
    print(f"{len(examples)} examples, {torch.get_num_threads()} threads", flush=True)
    spelling = Spelling.of(*count_words(examples), known_words(tokenizer, DATA))
    torch.manual_seed(plan.seed)
    prepare = Preparer(tokenizer, spelling, order, plan.seed)
    network = Network(weights, len(order))
    public = load_file(str(weights))
    rank = LowRank({n: v for n, v in network.state_dict().items() if public_name(n) in public})
    if chosen.onward:
        go_on(network, Tuned.load(FOLDER).joined(public))
        rank.hold(network)
    before = whole(network)
    found = whole(train(network, prepare, examples, plan, rank))
    if chosen.onward:
        found = {name: (value + before[name]) * np.float32(0.5) for name, value in found.items()}
    manifest = {
        "weights": WEIGHTS_SHA256,
        "data": data_digest(DATA / "examples"),
        "examples": len(examples),
        "epochs": plan.epochs,
        "onward": chosen.onward,
        "seed": plan.seed,
        "signals": order,
        **_UNFITTED,
    }
    Tuned.of(found, public, manifest).save(FOLDER)


if __name__ == "__main__":
    main()
