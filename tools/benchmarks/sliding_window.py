"""A sliding-window test of one video with VGG-16: overlapping clips that share their frames against each clip computed for itself.

Clips of 16 frames, 8 apart, through the library's classifier as `evaluate` has them: batches of 50 clips, VGG-16 up to fc6 (weights
drawn) a few frames at a time, and the LSTM of the paper.
Sharing, a batch holds each frame once and its index points at it from every clip; alone, it holds the frames of every clip.
Decoding is left out: the frames are noise. Rounds take turns; the first only warms up, unless it is the only one.
Seconds on the clock, and core-seconds, which other work on the machine disturbs less.

    python tools/benchmarks/sliding_window.py [--frames 304] [--rounds 4] [--size 224] [--precision float32]
"""

import argparse
import time
from pathlib import Path
from statistics import median

import numpy as np

from lrcn_seq import config, tasks
from lrcn_seq.records import Clips

CONFIG = Path(__file__).parents[2] / "configs" / "activity" / "ucf101_rgb.yaml"


def classifier(options):
    """The paper's network with drawn weights, 101 classes."""
    encoder = f"encoder={{type: applications, network: VGG16, output: {'fc1' if options.size == 224 else 'pooled'}, size: {options.size}}}"
    changes = [
        "stages=[]",
        "decoder={type: lstm_frames, units: 256}",
        "data.sampling={type: sliding}",
    ]
    return tasks.build(
        config.read(CONFIG, [*changes, encoder, f"training.precision={options.precision}"]),
        labels=101,
    )


def shared(frames, clips):
    """Each frame once."""
    distinct, index = np.unique(clips, return_inverse=True)
    return Clips(frames[distinct], index.reshape(clips.shape).astype("int32"))


def alone(frames, clips):
    """The frames of every clip."""
    return Clips(
        frames[clips.reshape(-1)], np.arange(clips.size, dtype="int32").reshape(clips.shape)
    )


def test(model, pack, frames, clips):
    """The mean distributions of all clips (P, C), and the seconds they took: on the clock, and of all cores."""
    at_once = model.settings.evaluation.batch_size
    batches = [
        pack(frames, clips[start : start + at_once]) for start in range(0, len(clips), at_once)
    ]
    clock, cores = time.perf_counter(), time.process_time()
    found = np.concatenate([model.probabilities(batch)[0].mean(axis=1) for batch in batches])
    return found, (time.perf_counter() - clock, time.process_time() - cores)


def main():
    """Prints medians, their ratio and the largest difference."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=304)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument(
        "--precision", default="float32", help="float32, or mixed_bfloat16 where the CPU has AMX"
    )
    options = parser.parse_args()
    frames = np.random.default_rng(0).integers(
        0, 256, (options.frames, options.size, options.size, 3), "uint8"
    )
    model = classifier(options)
    clips = np.stack(model.sampling.test(np.arange(options.frames) / 25))
    sides = {"shared": shared, "alone": alone}
    print(f"{options.frames} frames, {len(clips)} clips, {clips.size} frames in clips")
    found, seconds = {}, {name: [] for name in sides}
    for number in range(options.rounds):
        for name, pack in sides.items():
            found[name], taken = test(model, pack, frames, clips)
            if number or options.rounds == 1:
                seconds[name].append(taken)
    for kind, unit in enumerate(("seconds", "core-seconds")):
        for name, values in seconds.items():
            print(
                f"{name}: {median(value[kind] for value in values):.1f} {unit} ({', '.join(f'{value[kind]:.1f}' for value in values)})"
            )
        ratio = median(
            slow[kind] / fast[kind]
            for slow, fast in zip(seconds["alone"], seconds["shared"], strict=True)
        )
        print(f"sharing is {ratio:.2f} × faster in {unit} (goal: at least 1.8)")
    print(
        f"probabilities differ by at most {np.abs(found['shared'] - found['alone']).max():.1e} of {found['alone'].max():.3f}"
    )


if __name__ == "__main__":
    main()
