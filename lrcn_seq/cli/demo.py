"""Train on built-in data in a few minutes, and predict for unseen samples."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module

from lrcn_seq.cli._keras_import import import_keras

TASKS = ("captioning", "activity", "description")
FIGURES = {
    "count": "{:6}  samples",
    "exact": "{:6.1%}  of the captions are right in every attribute",
    "bleu_4": "{:6.3f}  BLEU-4",
    "shuffled_bleu_4": "{:6.3f}  BLEU-4 when each image gets the features of another image",
    "disordered_exact": "{:6.1%}  are right if the frames of each clip are shuffled",
    "disordered_directions": "{:6.1%}  name both directions if shuffled (chance: a quarter)",
    "top_1": "{:6.1%}  of the clips get the right label (chance: a quarter)",
    "single_frame_top_1": "{:6.1%}  of the clips, with a network without memory of past frames",
}
"""The template for printing each score of a demo."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "--task",
        choices=[*TASKS, "all"],
        default="captioning",
        help="the task to demonstrate (default: captioning)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the demos of the chosen tasks; resume interrupted demos, and restart finished ones."""
    tasks = TASKS if arguments.task == "all" else [arguments.task]
    return max(show_demo(task) for task in tasks)


def show_demo(task: str) -> int:
    """Run the demo of a task from training to predictions, and return the exit code."""
    import_keras()
    from lrcn_seq.demos import DEMOS
    from lrcn_seq.demos.runner import run_demo, write_samples

    demo = DEMOS[task]
    print(f"Training {task} on built-in data, into {demo.folder}", flush=True)
    figures = run_demo(demo)
    print("\nOn samples whose pair of color and shape is not in the training data:")
    for name, template in FIGURES.items():
        if name in figures:
            print(f"  {template.format(figures[name])}")
    print(flush=True)
    samples = demo.folder / "pictures"
    files = write_samples(demo, samples)
    exit_code = run_verb(demo.verb, [str(demo.folder), *map(str, files)])
    option = "--top" if demo.verb == "classify" else "--best"
    pattern = samples / f"*{files[0].suffix}"
    print(f"\nReport: {demo.folder / 'report.html'}")
    print(f"Next:   lrcn {demo.verb} {demo.folder} {pattern} {option} 3")
    return exit_code


def run_verb(verb: str, arguments: Sequence[str]) -> int:
    """Run another verb in this process and return its exit code."""
    module = import_module(f"lrcn_seq.cli.{verb}")
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return module.run(parser.parse_args(arguments))
