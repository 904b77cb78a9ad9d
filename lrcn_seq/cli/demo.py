"""Train on built-in data, and caption pictures of what training never showed: a few minutes on two cores."""

from __future__ import annotations

import argparse
from importlib import import_module

TASKS = ("captioning", "activity", "description")
MEANINGS = {
    "count": "{:6}  samples",
    "exact": "{:6.1%}  of the sentences are right in every attribute",
    "bleu_4": "{:6.3f}  BLEU-4",
    "shuffled_bleu_4": "{:6.3f}  BLEU-4 when each is given the features of another",
    "disordered_exact": "{:6.1%}  are right when the frames of each clip are shuffled in time",
    "disordered_directions": "{:6.1%}  then say where both things move (chance: a quarter)",
    "top_1": "{:6.1%}  of the clips get the right label (chance: a quarter)",
    "single_frame_top_1": "{:6.1%}  by the same network without memory, which sees frames one by one",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument(
        "--task",
        choices=[*TASKS, "all"],
        default="captioning",
        help="what is shown; captioning without it",
    )


def run(arguments: argparse.Namespace) -> int:
    """Trains, measures, captions, and says where to look; a demo that was stopped goes on, a finished one is done again."""
    from lrcn_seq.training.demo import DEMOS

    return max(show(task) for task in (DEMOS if arguments.task == "all" else [arguments.task]))


def show(task: str) -> int:
    """One demo from beginning to end."""
    from lrcn_seq.training.demo import DEMOS, drawn, perform

    demo = DEMOS[task]
    print(f"Training {task} on built-in data, into {demo.folder}", flush=True)
    figures = perform(demo)
    print("\nOn samples with a color and a shape that training never showed together:")
    for name, meaning in MEANINGS.items():
        if name in figures:
            print(f"  {meaning.format(figures[name])}")
    print(flush=True)
    files = drawn(demo, demo.folder / "pictures")
    code = called(demo.verb, [str(demo.folder), *map(str, files)])
    print(f"\nReport: {demo.folder / 'report.html'}")
    print(
        f"Next:   lrcn {demo.verb} {demo.folder} {demo.folder / 'pictures' / ('*' + files[0].suffix)} {'--top' if demo.verb == 'classify' else '--best'} 3"
    )
    return code


def called(verb: str, arguments: list[str]) -> int:
    """The exit code of another verb, called with these arguments."""
    module = import_module(f"lrcn_seq.cli.{verb}")
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return module.run(parser.parse_args(arguments))
