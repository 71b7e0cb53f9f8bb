"""``python -m safeguarding.tuning --weights FOLDER``: trains and writes safeguarding/weights."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from tokenizers import Tokenizer

from language.build import TOKENIZER_SHA256, WEIGHTS_FILE, WEIGHTS_SHA256, checked
from language.embedding import TOKENIZER_FILE
from safeguarding.examples import NOTHING, load_examples
from safeguarding.signals import load_signals
from safeguarding.spelling import Spelling, count_words, known_words
from safeguarding.tuned import FOLDER, Tuned, data_digest
from safeguarding.tuning.network import Network, public_name
from safeguarding.tuning.train import Plan, Preparer, train

DATA = Path(__file__).resolve().parents[2] / "data" / "safeguarding"
_UNFITTED = {"calibration": [[1.0, 0.0]] * 3, "thresholds": [0.5, 0.5, 0.5]}


def tuned(network: Network, manifest: dict[str, object]) -> Tuned:
    """The network's weights under the names of the public ones."""
    named = network.state_dict().items()
    weights = {public_name(name): value.float().numpy() for name, value in named}
    return Tuned(weights, manifest)


def go_on(network: Network, shipped: Tuned) -> None:
    """Puts the shipped layers into the network."""
    state = network.state_dict()
    for name in state:
        state[name] = torch.from_numpy(shipped.weights[public_name(name)])
    network.load_state_dict(state)


def main() -> None:
    """Train on the examples and save; ``safeguarding.tuning.calibrate`` goes on from there."""
    parser = argparse.ArgumentParser(prog="safeguarding.tuning", description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--epochs", type=int, default=Plan.epochs)
    parser.add_argument("--half", action="store_true", help="compute in bfloat16")
    parser.add_argument(
        "--onward", action="store_true", help="from the shipped layers, at a third of the pace"
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
    examples = load_examples(DATA / "examples")
    print(f"{len(examples)} examples, {torch.get_num_threads()} threads", flush=True)
    spelling = Spelling.of(count_words(examples), known_words(tokenizer, DATA))
    torch.manual_seed(plan.seed)
    prepare = Preparer(tokenizer, spelling, order, plan.seed)
    network = Network(weights, len(order))
    if chosen.onward:
        go_on(network, Tuned.load(FOLDER))
    network = train(network, prepare, examples, plan)
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
    tuned(network, manifest).save(FOLDER)


if __name__ == "__main__":
    main()
