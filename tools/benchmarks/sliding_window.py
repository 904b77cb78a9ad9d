"""Time of a sliding-window test of a video with VGG-16, with and without shared frames.

Clips of 16 frames, 8 apart, go through the classifier of this library as in `evaluate`: batches of
50 clips, VGG-16 up to fc6 with random weights, a few frames at a time, and the LSTM of the paper.
`shared` batches contain each frame once, and their index refers to it from every clip; `separate`
batches contain the frames of every clip. The frames are noise, so that no decoding is measured.

Both kinds of batches alternate. The first round is a warmup unless it is the only round. Results
are in seconds and in core-seconds, which depend less on other programs.

    python tools/benchmarks/sliding_window.py [--frames 304] [--rounds 4] [--size 224]
        [--precision float32]
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from lrcn_seq import config, tasks
from lrcn_seq.records import Clips

CONFIG = Path(__file__).parents[2] / "configs" / "activity" / "ucf101_rgb.yaml"


def build_classifier(options: argparse.Namespace) -> Any:
    """Return the network of the paper with random weights and 101 classes."""
    output = "fc1" if options.size == 224 else "pooled"
    encoder = f"{{type: applications, network: VGG16, output: {output}, size: {options.size}}}"
    overrides = [
        "stages=[]",
        "decoder={type: lstm_frames, units: 256}",
        "data.sampling={type: sliding}",
        f"encoder={encoder}",
        f"training.precision={options.precision}",
    ]
    return tasks.build(config.read(CONFIG, overrides), labels=101)


def pack_shared(frames: np.ndarray, clips: np.ndarray) -> Clips:
    """Return a batch of clips that stores each frame once."""
    distinct, index = np.unique(clips, return_inverse=True)
    return Clips(frames[distinct], index.reshape(clips.shape).astype("int32"))


def pack_separate(frames: np.ndarray, clips: np.ndarray) -> Clips:
    """Return a batch of clips that stores the frames of every clip separately."""
    index = np.arange(clips.size, dtype="int32").reshape(clips.shape)
    return Clips(frames[clips.reshape(-1)], index)


def classify(
    model: Any, pack: Callable[..., Clips], frames: np.ndarray, clips: np.ndarray
) -> tuple[np.ndarray, tuple[float, float]]:
    """Return the mean probabilities of each clip (P, C), and the seconds and core-seconds taken."""
    size = model.settings.evaluation.batch_size
    batches = [pack(frames, clips[start : start + size]) for start in range(0, len(clips), size)]
    clock, cores = time.perf_counter(), time.process_time()
    probabilities = np.concatenate([model.probabilities(b)[0].mean(axis=1) for b in batches])
    return probabilities, (time.perf_counter() - clock, time.process_time() - cores)


def main() -> None:
    """Print the median times of both kinds of batches, and how much their results differ."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=304)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument(
        "--precision", default="float32", help="float32, or mixed_bfloat16 on a CPU with AMX"
    )
    options = parser.parse_args()
    shape = (options.frames, options.size, options.size, 3)
    frames = np.random.default_rng(0).integers(0, 256, shape, "uint8")
    model = build_classifier(options)
    clips = np.stack(model.sampling.test(np.arange(options.frames) / 25))
    packings = {"shared": pack_shared, "separate": pack_separate}
    print(f"{options.frames} frames, {len(clips)} clips, {clips.size} frames in clips")
    probabilities: dict[str, np.ndarray] = {}
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in packings}
    for number in range(options.rounds):
        for name, pack in packings.items():
            probabilities[name], duration = classify(model, pack, frames, clips)
            if number or options.rounds == 1:
                seconds[name].append(duration)
    for kind, unit in enumerate(("seconds", "core-seconds")):
        for name, durations in seconds.items():
            values = [duration[kind] for duration in durations]
            listed = ", ".join(f"{value:.1f}" for value in values)
            print(f"{name}: {median(values):.1f} {unit} ({listed})")
        ratio = median(
            separate[kind] / shared[kind]
            for separate, shared in zip(seconds["separate"], seconds["shared"], strict=True)
        )
        print(f"separate ÷ shared {ratio:.2f} in {unit} (goal: at least 1.8)")
    difference = np.abs(probabilities["shared"] - probabilities["separate"]).max()
    print(
        f"largest difference of probabilities {difference:.1e}, largest probability "
        f"{probabilities['separate'].max():.3f}"
    )


if __name__ == "__main__":
    main()
