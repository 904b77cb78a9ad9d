"""Captions of real photographs: shipped configs against a plain Keras captioner, same data, updates, selection and search.

python tools/benchmarks/flickr8k.py DATA RUNS --weights FILE [--seeds 1 2 3] [--splits 0] [section.key=value ...]

DATA holds captions.txt, images_224/ and the lists. Every run is resumed if it was stopped. Prints the scores of each run by
pycocoevalcap (extra `bench`), and for each system the difference to the rival in the mean of the seeds, with its paired bootstrap interval over
pictures and, of several splits, over splits.
Split 0 is the lists of DATA. Three hundred test pictures tell differences below about 0.03 from nothing, so splits 1, 2 and so on each put another
share of the training pictures, as many as are in the test list, in the place of the test pictures, which are trained on instead; the dev
pictures, on which the configs were chosen, stay dev and are never tested on.
The rival is what its writer would make of it in an hour: Keras's Adam at its usual rate, constant; all else is as in lrcn_2f.
"""

import argparse
import contextlib
import io
import json
from itertools import product
from pathlib import Path

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


def lists_of(data: Path, split: int, folder: Path) -> Path:
    """The folder with the lists of a split; made under folder unless it is split 0."""
    if split == 0:
        return data
    train, dev, test = (
        (data / f"{name}.txt").read_text().split() for name in ("train", "dev", "test")
    )
    shares = [
        share.tolist()
        for share in np.split(
            np.random.default_rng(0).permutation(train), range(len(test), len(train), len(test))
        )
    ]
    if not 0 < split <= len(shares):
        raise SystemExit(f"--splits: expected 0 to {len(shares)}. Received: {split}.")
    rest = [name for share in (*shares[: split - 1], *shares[split:], test) for name in share]
    folder.mkdir(parents=True, exist_ok=True)
    for name, members in (("train", rest), ("dev", dev), ("test", shares[split - 1])):
        (folder / f"{name}.txt").write_text("\n".join(members) + "\n")
    return folder


def overrides(arguments: argparse.Namespace, lists: Path, seed: int) -> list[str]:
    """Where the data is, and what the call changes."""
    data = arguments.data
    places = [
        f"data.source.captions={data}/captions.txt",
        f"data.source.images={data}/images_224",
        f"data.source.lists={lists}",
    ]
    return [
        *places,
        f"encoder.weights={arguments.weights}",
        "encoder.alpha=0.35",
        f"seed={seed}",
        *arguments.overrides,
    ]


def sentences(folder: Path) -> tuple[dict, dict]:
    """Hypotheses and references of a run's test split."""
    rows = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    return {row["id"]: row["caption"] for row in rows}, {
        row["id"]: row["references"] for row in rows
    }


def judged(found: dict, references: dict) -> tuple[np.ndarray, float]:
    """CIDEr of each picture, in the order of names, and BLEU-4, by the COCO evaluation code."""
    tokens, names = PTBTokenizer(), sorted(found)
    given = tokens.tokenize({name: [{"caption": found[name]}] for name in names})
    wanted = tokens.tokenize(
        {name: [{"caption": caption} for caption in references[name]] for name in names}
    )
    with contextlib.redirect_stdout(io.StringIO()):
        return np.array(Cider().compute_score(wanted, given)[1]), float(
            Bleu(4).compute_score(wanted, given)[0][3]
        )


def main() -> None:
    """Trains what is missing, then compares."""
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
    ciders: dict[tuple[str, int], list] = {
        pair: [] for pair in product(arguments.systems, arguments.splits)
    }
    for split, seed, name in product(arguments.splits, arguments.seeds, arguments.systems):
        base, changes = SYSTEMS[name]
        runs = arguments.runs / f"split-{split}" if split else arguments.runs
        folder = runs / f"{name}-{seed}"
        if not (folder / "scores.json").exists():
            places = overrides(arguments, lists_of(arguments.data, split, runs / "lists"), seed)
            train(config.read(CONFIGS / f"{base}.yaml", [*changes, *places]), folder, resume=True)
        cider, bleu = judged(*sentences(folder))
        ciders[name, split].append(cider)
        print(
            f"{name}, split {split}, seed {seed}: CIDEr {cider.mean():.3f}, BLEU-4 {bleu:.3f}",
            flush=True,
        )
    for name in arguments.systems:
        if name == "rival" or "rival" not in arguments.systems:
            continue
        differences = [
            np.mean(ciders[name, split], axis=0) - np.mean(ciders["rival", split], axis=0)
            for split in arguments.splits
        ]
        groups = {
            "pictures": range(sum(map(len, differences))),
            "splits": np.repeat(arguments.splits, [len(part) for part in differences]),
        }
        for what, members in groups.items():
            found = metrics.group_interval(np.concatenate(differences), members, samples=10_000)
            if found.low is not None:
                print(
                    f"{name} − rival: CIDEr {found.value:+.3f}, 95 % over {what} from {found.low:+.3f} to {found.high:+.3f}"
                )


if __name__ == "__main__":
    main()
