"""Captions of real photographs: shipped configs against a plain Keras captioner, same data, updates, selection and search.

python tools/benchmarks/flickr8k.py DATA RUNS --weights FILE [--seeds 1 2 3] [section.key=value ...]

DATA holds captions.txt, images_224/ and the lists. Every run is resumed if it was stopped. Prints the scores of each run by
pycocoevalcap (extra `bench`), and for each system the difference to the rival in the mean of the seeds, with its paired bootstrap interval over
pictures.
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
    "training.optimizer={type: adam, rate: 0.001}",
    "training.schedule={type: constant}",
    "training.loss={label_smoothing: 0.0}",
]
SYSTEMS = {"rival": ("lrcn_2f_flickr8k", RIVAL), "lrcn_2f": ("lrcn_2f_flickr8k", []), "attention": ("attention_flickr8k", [])}


def overrides(arguments: argparse.Namespace, seed: int) -> list[str]:
    """Where the data is, and what the call changes."""
    data = arguments.data
    places = [f"data.source.captions={data}/captions.txt", f"data.source.images={data}/images_224", f"data.source.lists={data}"]
    return [*places, f"encoder.weights={arguments.weights}", "encoder.alpha=0.35", f"seed={seed}", *arguments.overrides]


def sentences(folder: Path) -> tuple[dict, dict]:
    """Hypotheses and references of a run's test split."""
    rows = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    return {row["id"]: row["caption"] for row in rows}, {row["id"]: row["references"] for row in rows}


def judged(found: dict, references: dict) -> tuple[np.ndarray, float]:
    """CIDEr of each picture, in the order of names, and BLEU-4, by the COCO evaluation code."""
    tokens, names = PTBTokenizer(), sorted(found)
    given = tokens.tokenize({name: [{"caption": found[name]}] for name in names})
    wanted = tokens.tokenize({name: [{"caption": caption} for caption in references[name]] for name in names})
    with contextlib.redirect_stdout(io.StringIO()):
        return np.array(Cider().compute_score(wanted, given)[1]), float(Bleu(4).compute_score(wanted, given)[0][3])


def main() -> None:
    """Trains what is missing, then compares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("runs", type=Path)
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--weights", required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS), choices=SYSTEMS)
    arguments = parser.parse_intermixed_args()
    ciders: dict[str, list] = {name: [] for name in arguments.systems}
    for seed, name in product(arguments.seeds, arguments.systems):
        base, changes = SYSTEMS[name]
        folder = arguments.runs / f"{name}-{seed}"
        if not (folder / "scores.json").exists():
            train(config.read(CONFIGS / f"{base}.yaml", [*changes, *overrides(arguments, seed)]), folder, resume=True)
        cider, bleu = judged(*sentences(folder))
        ciders[name].append(cider)
        print(f"{name}, seed {seed}: CIDEr {cider.mean():.3f}, BLEU-4 {bleu:.3f}", flush=True)
    for name in ciders.keys() - {"rival"} if "rival" in ciders else ():
        difference = np.mean(ciders[name], axis=0) - np.mean(ciders["rival"], axis=0)
        found = metrics.group_interval(difference, range(len(difference)), samples=10_000)
        print(f"{name} − rival: CIDEr {found.value:+.3f}, 95 % from {found.low:+.3f} to {found.high:+.3f}")


if __name__ == "__main__":
    main()
