"""Time from the call of a command to its end, against `python -c "import tensorflow"`.

The commands are one caption of one image, its parts one by one, and calls that end with an error
before Keras is needed. All are started in turn, round after round. Median times and the medians of
their ratios to the import of TensorFlow in the same round are printed, for the clock and for the
processor; the latter depends less on other programs.

    python tools/benchmarks/start_up.py [--run RUN --image IMAGE] [--rounds 5]

Without a run, one with MobileNetV2 (alpha 0.35) and two LSTM layers is trained on drawn images.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
from PIL import Image

CONFIG = """
task: {type: captioning}
data: {source: {type: shapes, train: 24, dev: 8, test: 8}, store: {folder: FOLDER/features}}
tokenizer: {type: word, minimum_count: 1}
encoder: {type: applications, network: MobileNetV2, alpha: 0.35, output: pooled, train: frozen}
decoder: {type: lrcn, layers: 2, factored: true, units: 512, embedding: 256, feature_units: 512}
search: {type: beam, beams: 5}
training: {epochs: 1}
"""
TENSORFLOW = "import tensorflow"
PARTS = """
import sys, time, json
rows, clock, cpu = [], time.perf_counter(), time.process_time()
def lap(name):
    global clock, cpu
    rows.append([name, time.perf_counter() - clock, time.process_time() - cpu])
    clock, cpu = time.perf_counter(), time.process_time()
from pathlib import Path
from lrcn_seq.cli import caption
from lrcn_seq.cli._keras_import import import_keras
lap("import of the command line")
import_keras()
lap("import of TensorFlow and Keras")
from lrcn_seq.runs.zero_weights import zero_weights
from lrcn_seq.runs.loading import load_weights, read_config, read_outputs
from lrcn_seq.tasks import build_task
lap("import of the library")
folder = Path(sys.argv[1])
config = read_config(folder)
outputs = read_outputs(folder, config)
lap("config and vocabulary")
with zero_weights():
    task = build_task(config, outputs)
lap("building the network")
load_weights(task, folder)
lap("loading the weights")
task.frame_encoder.run_eagerly = True
task.predict([sys.argv[2]])
lap("first caption")
task.predict([sys.argv[2]])
lap("second caption")
print(json.dumps(rows))
"""


class Seconds(NamedTuple):
    """Seconds of the clock and of the processor."""

    clock: float
    cpu: float


def call(arguments: Sequence[str]) -> tuple[Seconds, str]:
    """Run Python with the given arguments and return its times and its output."""
    clock, before = time.perf_counter(), os.times()
    result = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False
    )
    after = os.times()
    cpu = sum(after[2:4]) - sum(before[2:4])
    return Seconds(time.perf_counter() - clock, cpu), result.stdout


def commands(folder: Path, run: Path, image: Path) -> dict[str, list[str]]:
    """Return the arguments of Python for each measured call."""
    lrcn, config = ["-m", "lrcn_seq"], str(folder / "config.yaml")
    missing = ["data.source={type: caption_table, table: no.csv}", "--run", str(folder / "new")]
    return {
        "lrcn caption RUN IMAGE": [*lrcn, "caption", str(run), str(image)],
        "lrcn train, missing data": [*lrcn, "train", config, *missing],
        "lrcn train, a run is there": [*lrcn, "train", config, "--run", str(run)],
        "lrcn train, wrong key": [*lrcn, "train", config, "training.epoch=3"],
        "lrcn caption, missing run": [*lrcn, "caption", str(folder / "no"), str(image)],
    }


def prepare(folder: Path, options: argparse.Namespace) -> tuple[Path, Path]:
    """Return the run and the image to measure with; train and draw them if they are not given."""
    text = CONFIG.replace("FOLDER", str(folder))
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    if options.run is not None:
        return options.run, options.image
    pixels = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "image.png")
    arguments = ["train", str(folder / "config.yaml"), "--run", str(folder / "run")]
    subprocess.run([sys.executable, "-m", "lrcn_seq", *arguments], check=True, capture_output=True)
    return folder / "run", folder / "image.png"


def report(name: str, times: Sequence[Seconds], baseline: Sequence[Seconds]) -> None:
    """Print the median times of a call, and the median ratios to the import of TensorFlow."""
    medians = [median(column) for column in zip(*times, strict=True)]
    ratios = [
        median(own[kind] / base[kind] for own, base in zip(times, baseline, strict=True))
        for kind in (0, 1)
    ]
    print(
        f"{name:32} {medians[0]:6.2f} s ({ratios[0]:4.2f} ×)   {medians[1]:6.2f} cpu s "
        f"({ratios[1]:4.2f} ×)",
        flush=True,
    )


def main() -> None:
    """Measure all calls and the parts of a caption."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path)
    parser.add_argument("--image", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if (options.run is None) != (options.image is None):
        parser.error("expected --run and --image together")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run, image = prepare(folder, options)
        calls = {TENSORFLOW: ["-c", TENSORFLOW], **commands(folder, run, image)}
        times: dict[str, list[Seconds]] = {name: [] for name in calls}
        parts: dict[str, list[Seconds]] = {}
        for _ in range(options.rounds):
            for call_name, arguments in calls.items():
                times[call_name].append(call(arguments)[0])
            rows = json.loads(call(["-c", PARTS, str(run), str(image)])[1])
            for part, clock, cpu in rows:
                parts.setdefault(part, []).append(Seconds(clock, cpu))
    print("call                               clock                 processor")
    for call_name, measured in times.items():
        report(call_name, measured, times[TENSORFLOW])
    print("parts of a caption")
    for part, measured in parts.items():
        report(f"  {part}", measured, times[TENSORFLOW])


if __name__ == "__main__":
    main()
