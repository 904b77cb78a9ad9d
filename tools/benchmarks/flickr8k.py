"""Scores of the shipped configs on Flickr8k, compared with a plain Keras captioner.

All systems have the same data, number of updates, selection of the best epoch, and search. The
rival is a plain LSTM captioner that a user could write in an hour. It is trained by Adam with the
default learning rate of Keras, without a schedule or label smoothing. Everything else is the same
as in lrcn_2f.

    python tools/benchmarks/flickr8k.py DATA RUNS --weights FILE [--seeds 1 2 3] [--splits 0]
        [section.key=value ...]

DATA contains captions.txt, images_224/ and the lists of the splits. Interrupted runs are resumed.
The scores of each run are those of pycocoevalcap (extra `bench`). For each system, the
benchmark prints the CIDEr difference to the rival (mean over seeds) with its paired bootstrap
interval over images and, if there are several splits, over splits.

Split 0 uses the lists in DATA. Its 300 test images cannot resolve differences below about 0.03. In
each of the splits 1, 2 and so on, 300 other images are taken from train as test images, and the
test images of split 0 are used for training. The dev images, on which the configs were chosen, are
never test images.
"""

import argparse
import contextlib
import io
import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import rival_decoder  # noqa: F401 - registers the rival
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

from lrcn_seq import config, metrics
from lrcn_seq.training import train

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "captioning"
RIVAL = [
    "decoder={type: rival_decoder, units: 512, embedding: 256, dropout: 0.4}",
    "training.optimizer={type: adam, learning_rate: 0.001}",
    "training.schedule={type: constant}",
    "training.loss={label_smoothing: 0.0}",
]
SYSTEMS = {
    "rival": ("lrcn_2f_flickr8k", RIVAL),
    "lrcn_2f": ("lrcn_2f_flickr8k", []),
    "attention": ("attention_flickr8k", []),
}


def write_lists(data: Path, split: int, folder: Path) -> Path:
    """Return the folder with the lists of images of a split.

    Args:
        data: Folder of the data, which has the lists of split 0.
        split: Number of the split.
        folder: Folder to which the lists of other splits are written.
    """
    if split == 0:
        return data
    train, dev, test = (
        (data / f"{name}.txt").read_text().split() for name in ("train", "dev", "test")
    )
    shuffled = np.random.default_rng(0).permutation(train)
    parts = [p.tolist() for p in np.split(shuffled, range(len(test), len(train), len(test)))]
    if not 0 < split <= len(parts):
        raise SystemExit(f"--splits: expected 0 to {len(parts)}. Received: {split}.")
    rest = [name for part in (*parts[: split - 1], *parts[split:], test) for name in part]
    folder.mkdir(parents=True, exist_ok=True)
    for name, members in (("train", rest), ("dev", dev), ("test", parts[split - 1])):
        (folder / f"{name}.txt").write_text("\n".join(members) + "\n")
    return folder


def overrides(arguments: argparse.Namespace, lists: Path, seed: int) -> list[str]:
    """Return the config overrides: data paths, weights, seed, and those of the command line."""
    data = arguments.data
    return [
        f"data.source.captions={data}/captions.txt",
        f"data.source.images={data}/images_224",
        f"data.source.lists={lists}",
        f"encoder.weights={arguments.weights}",
        "encoder.alpha=0.35",
        f"seed={seed}",
        *arguments.overrides,
    ]


def read_predictions(folder: Path) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return hypotheses and references of the test split of a run."""
    rows = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    hypotheses = {row["id"]: row["caption"] for row in rows}
    return hypotheses, {row["id"]: row["references"] for row in rows}


def coco_scores(
    hypotheses: dict[str, str], references: dict[str, list[str]]
) -> tuple[np.ndarray, float]:
    """Return CIDEr of each image, in the order of IDs, and BLEU-4, by the COCO evaluation code."""
    tokenizer, ids = PTBTokenizer(), sorted(hypotheses)
    candidates = tokenizer.tokenize({id: [{"caption": hypotheses[id]}] for id in ids})
    truths = tokenizer.tokenize(
        {id: [{"caption": caption} for caption in references[id]] for id in ids}
    )
    with contextlib.redirect_stdout(io.StringIO()):
        cider = np.array(Cider().compute_score(truths, candidates)[1])
        return cider, float(Bleu(4).compute_score(truths, candidates)[0][3])


def train_and_score(
    arguments: argparse.Namespace, split: int, seed: int, name: str
) -> tuple[np.ndarray, float]:
    """Train a system unless its run is complete; return CIDEr of each image, and BLEU-4."""
    base, changes = SYSTEMS[name]
    runs = arguments.runs / f"split-{split}" if split else arguments.runs
    folder = runs / f"{name}-{seed}"
    if not (folder / "scores.json").exists():
        lists = write_lists(arguments.data, split, runs / "lists")
        options = [*changes, *overrides(arguments, lists, seed)]
        train(config.read(CONFIGS / f"{base}.yaml", options), folder, resume=True)
    return coco_scores(*read_predictions(folder))


def print_intervals(name: str, differences: list[np.ndarray], splits: list[int]) -> None:
    """Print the mean CIDEr difference between a system and the rival with its 95 % intervals.

    Args:
        name: Name of the system.
        differences: CIDEr differences of the images of each split.
        splits: Number of each split.
    """
    groups: dict[str, Any] = {
        "images": range(sum(map(len, differences))),
        "splits": np.repeat(splits, [len(part) for part in differences]),
    }
    for kind, members in groups.items():
        interval = metrics.group_interval(np.concatenate(differences), members, samples=10_000)
        if interval.low is not None:
            print(
                f"{name} − rival: CIDEr {interval.value:+.3f}, 95 % interval over {kind} from "
                f"{interval.low:+.3f} to {interval.high:+.3f}"
            )


def main() -> None:
    """Train the systems whose runs are missing; print all scores and the differences."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("runs", type=Path)
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--weights", required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--splits", type=int, nargs="+", default=[0])
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS), choices=SYSTEMS)
    arguments = parser.parse_intermixed_args()
    systems, splits = arguments.systems, arguments.splits
    ciders: dict[tuple[str, int], list[np.ndarray]] = {
        pair: [] for pair in product(systems, splits)
    }
    for split, seed, name in product(splits, arguments.seeds, systems):
        cider, bleu = train_and_score(arguments, split, seed, name)
        ciders[name, split].append(cider)
        print(
            f"{name}, split {split}, seed {seed}: CIDEr {cider.mean():.3f}, BLEU-4 {bleu:.3f}",
            flush=True,
        )
    for name in systems:
        if name == "rival" or "rival" not in systems:
            continue
        differences = [
            np.mean(ciders[name, split], axis=0) - np.mean(ciders["rival", split], axis=0)
            for split in splits
        ]
        print_intervals(name, differences, splits)


if __name__ == "__main__":
    main()
