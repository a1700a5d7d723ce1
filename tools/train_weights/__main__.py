"""`python -m tools.train_weights cache|train|evaluate`: see README.md."""

import argparse
import dataclasses
import hashlib
import os
import sys
import time
from pathlib import Path

import safetensors.torch
import torch

from tools.train_weights.distil import Recipe, train_block
from tools.train_weights.measure import measure
from tools.train_weights.networks import read_trunk, shipped_state
from tools.train_weights.progress import say
from tools.train_weights.views import fill_cache

_REPOSITORY = Path(__file__).parents[2]


def main() -> None:
    """Run the command that the arguments name."""
    arguments = _parser().parse_args()
    data: Path = arguments.data
    if not (data / "weights").is_dir():
        sys.exit(f"{data} holds no weights: name the test data with --data or VITRINE_TEST_DATA.")
    if arguments.command == "evaluate":
        sys.stdout.write(measure(data, arguments.weights, whole_gallery=arguments.whole_gallery) + "\n")
        return
    started = time.monotonic()
    fill_cache(data, arguments.cache, arguments.rounds)
    say(f"views: {(time.monotonic() - started) / 60:.1f} minutes")
    if arguments.command == "train":
        _train(data, arguments)


def _train(data: Path, arguments: argparse.Namespace) -> None:
    torch.set_num_threads(arguments.threads)
    recipe = Recipe(**{field.name: getattr(arguments, field.name) for field in dataclasses.fields(Recipe)})
    output: Path = arguments.output
    started = time.monotonic()
    block = train_block(arguments.cache, arguments.rounds, recipe, output.with_suffix(".checkpoint.pt"))
    state = shipped_state(read_trunk(data), block)
    output.write_bytes(safetensors.torch.save(state, metadata={"format": "pt"}))
    say(f"training: {(time.monotonic() - started) / 60:.1f} minutes")
    say(f"{output}: SHA-256 {hashlib.sha256(output.read_bytes()).hexdigest()}")


def _parser() -> argparse.ArgumentParser:
    test_data = os.environ.get("VITRINE_TEST_DATA", str(_REPOSITORY.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(prog="python -m tools.train_weights", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(test_data), help="the test data's folder")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("cache", "train"):
        command = commands.add_parser(name)
        command.add_argument("--cache", type=Path, required=True, help="a folder for 90 MB of views a round")
        command.add_argument("--rounds", type=int, default=2, help="random crops of each photo")
    command.add_argument("--output", type=Path, required=True, help="the .safetensors to write")
    command.add_argument("--threads", type=int, default=torch.get_num_threads())
    for field in dataclasses.fields(Recipe):
        command.add_argument(
            f"--{field.name.replace('_', '-')}",
            dest=field.name,
            type=int if isinstance(field.default, int) else float,
            default=field.default,
        )
    evaluate = commands.add_parser("evaluate")
    evaluate.add_argument("weights", type=Path, help="the .safetensors to measure")
    evaluate.add_argument("--whole-gallery", action="store_true", help="also search among all 50 classes")
    return parser


if __name__ == "__main__":
    main()
