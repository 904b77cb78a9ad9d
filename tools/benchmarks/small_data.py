"""CIDEr of the starter recipe on Flickr8k of several sizes, against one fixed setting.

The recipe is configs/captioning/own_table.yaml, which sizes its training to the data. The fixed
setting differs in the section `training` and in rare words: it has 64 captions per batch, at most
30 epochs, 100 updates of warmup and a patience of 5 epochs, whatever the number of images.

    python tools/benchmarks/small_data.py DATA RUNS --weights FILE [--sizes 60 300 2400 6000]
        [--seeds 1] [section.key=value ...]

DATA contains captions.txt, images_224/, official/ with the lists of Flickr8k, and test.txt. A size
is the number of images of a user: nine tenths are train, one tenth is dev. They are drawn from the
official train and dev lists; a larger size contains the smaller ones. The test images are those of
test.txt for all sizes. All runs read the same stored features, and interrupted runs are resumed.

For each size, the benchmark prints CIDEr of both settings and the difference, which should be at
least −0.01, with the paired bootstrap interval over test images. It also prints the share of (at
most 100) training images for which the recipe writes one of their captions word by word.
"""

import argparse
import json
from itertools import product
from pathlib import Path

import numpy as np

from lrcn_seq import config, load, metrics
from lrcn_seq.runs.corpus import read_corpus
from lrcn_seq.tasks import SampleReader, Task
from lrcn_seq.training import train

CONFIG = Path(__file__).resolve().parents[2] / "configs" / "captioning" / "own_table.yaml"
FIXED = [
    "tokenizer.minimum_count=2",
    "training.batch_size=64",
    "training.epochs=30",
    "training.optimizer.learning_rate=0.001",
    "training.schedule={type: cosine, warmup: 100}",
    "training.patience=5",
    "training.start_from_epoch=0",
    "training.restore_best_weights=true",
    "training.dev_loss=false",
]
SYSTEMS = {"recipe": [], "fixed": FIXED}
REPRODUCED = 100
"""Largest number of training images that are captioned."""


def write_lists(data: Path, size: int, folder: Path) -> Path:
    """Return the folder with the lists of images of a size."""
    official = data / "official"
    names = [
        name
        for part in ("train", "dev")
        for name in (official / f"Flickr_8k.{part}Images.txt").read_text().split()
        if (data / "images_224" / name).exists()
    ]
    if not 10 <= size <= len(names):
        raise SystemExit(f"--sizes: expected 10 to {len(names):,}. Received: {size}.")
    chosen = np.random.default_rng(0).permutation(sorted(names))[:size].tolist()
    test = (data / "test.txt").read_text().split()
    folder.mkdir(parents=True, exist_ok=True)
    parts = {"dev": chosen[: size // 10], "train": chosen[size // 10 :], "test": test}
    for name, members in parts.items():
        (folder / f"{name}.txt").write_text("\n".join(members) + "\n")
    return folder


def train_system(arguments: argparse.Namespace, name: str, size: int, seed: int) -> Path:
    """Train a system unless its run is complete; return the run folder."""
    folder: Path = arguments.runs / f"{name}-{size}-{seed}"
    data = arguments.data.resolve()
    lists = write_lists(data, size, arguments.runs / "lists" / str(size))
    source = (
        f"{{type: flickr8k, captions: {json.dumps(str(data / 'captions.txt'))}, "
        f"images: {json.dumps(str(data / 'images_224'))}, lists: {json.dumps(str(lists))}}}"
    )
    if not (folder / "report.html").exists():
        options = [
            f"data.source={source}",
            f"encoder.weights={arguments.weights}",
            "encoder.alpha=0.35",
            f"seed={seed}",
            *SYSTEMS[name],
            *arguments.overrides,
        ]
        train(config.read(CONFIG, options), folder, resume=True)
    return folder


def image_scores(folder: Path) -> np.ndarray:
    """Return the CIDEr score of each test image of a run, sorted by ID."""
    rows = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    hypotheses = {row["id"]: row["caption"] for row in rows}
    references = {row["id"]: row["references"] for row in rows}
    sentences = metrics.cider(hypotheses, references).sentences
    return np.array([sentences[name]["cider"] for name in sorted(sentences)])


def reproduced_share(folder: Path) -> float:
    """Return the share of training images whose predicted caption is one of their references."""
    task = load(folder)
    corpus = read_corpus(task.settings, splits=("train",))
    samples = corpus.splits["train"][:REPRODUCED]
    rows = task.evaluate_samples(SampleReader(task, corpus.contents), samples).rows()
    return float(
        np.mean(
            [row["caption"] in {words(task, text) for text in row["references"]} for row in rows]
        )
    )


def words(task: Task, caption: str) -> str:
    """Return a caption as the model would write it: in its tokens, up to the limit of words."""
    tokens = next(iter(task.tokenizer.encode_all([caption])))
    return str(task.tokenizer.decode(list(tokens)[: task.settings.data.words_limit]))


def main() -> None:
    """Train the systems whose runs are missing, and print the scores for each size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("runs", type=Path)
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--weights", required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[60, 300, 2400, 6000])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    arguments = parser.parse_intermixed_args()
    for size in arguments.sizes:
        scores: dict[str, list[np.ndarray]] = {name: [] for name in SYSTEMS}
        for seed, name in product(arguments.seeds, SYSTEMS):
            folder = train_system(arguments, name, size, seed)
            scores[name].append(image_scores(folder))
            text = f"{name}, {size} images, seed {seed}: CIDEr {scores[name][-1].mean():.3f}"
            if name == "recipe":
                text += f", training captions reproduced {reproduced_share(folder):.0%}"
            print(text, flush=True)
        recipe, fixed = (np.mean(scores[name], axis=0) for name in SYSTEMS)
        interval = metrics.group_interval(recipe - fixed, range(len(fixed)), samples=10_000)
        print(
            f"{size} images: recipe − fixed {interval.value:+.3f}, 95 % interval from "
            f"{interval.low:+.3f} to {interval.high:+.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
