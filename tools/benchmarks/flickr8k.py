"""Captions of real photographs: shipped configs against a plain Keras captioner, same data, updates, selection and search.

python tools/benchmarks/flickr8k.py DATA RUNS --weights FILE [--seeds 1 2 3] [section.key=value ...]

DATA holds captions.txt, images_224/ and the lists. Every run is resumed if it was stopped. Prints the scores of each run by
pycocoevalcap (extra `bench`), and for each system the paired bootstrap interval of its difference to the rival over all seeds.
The rival is what its writer would make of it in an hour: Keras's Adam at its usual rate, constant; all else is as in lrcn_2f.
"""

import argparse
import contextlib
import io
import json
from pathlib import Path

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


def judged(found: dict, references: dict) -> dict[str, float]:
    """CIDEr and BLEU-4 of the COCO evaluation code."""
    tokens = PTBTokenizer()
    given = tokens.tokenize({key: [{"caption": caption}] for key, caption in found.items()})
    wanted = tokens.tokenize({key: [{"caption": caption} for caption in several] for key, several in references.items()})
    with contextlib.redirect_stdout(io.StringIO()):
        return {"cider": float(Cider().compute_score(wanted, given)[0]), "bleu_4": float(Bleu(4).compute_score(wanted, given)[0][3])}


def pooled(arguments: argparse.Namespace, name: str) -> tuple[dict, dict]:
    """The sentences of all seeds as one corpus; document frequencies keep their proportions."""
    found = {seed: sentences(arguments.runs / f"{name}-{seed}") for seed in arguments.seeds}
    return tuple({f"{seed}/{key}": value for seed, both in found.items() for key, value in both[part].items()} for part in (0, 1))


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
    for seed in arguments.seeds:
        for name in arguments.systems:
            base, changes = SYSTEMS[name]
            folder = arguments.runs / f"{name}-{seed}"
            if not (folder / "scores.json").exists():
                train(config.read(CONFIGS / f"{base}.yaml", [*changes, *overrides(arguments, seed)]), folder, resume=True)
            found, references = sentences(folder)
            print(name, seed, judged(found, references), flush=True)
    for name in sorted(set(arguments.systems) - {"rival"} if "rival" in arguments.systems else ()):
        print(metrics.paired({one: pooled(arguments, one)[0] for one in (name, "rival")}, pooled(arguments, name)[1], ["cider", "bleu"]))


if __name__ == "__main__":
    main()
