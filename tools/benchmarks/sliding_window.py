"""A sliding-window test of one video with VGG-16: overlapping clips that share their frames against each clip computed for itself.

Clips of 16 frames, 8 apart, in batches of 16 clips, through the library's encoder (VGG-16 up to fc6, weights drawn) and the LSTM of the paper.
Sharing, a batch holds each frame once and its index points at it from every clip; alone, it holds the frames of every clip.
Decoding is left out: the frames are noise. Rounds take turns; the first only warms up, unless it is the only one.
Seconds on the clock, and core-seconds, which other work on the machine disturbs less.

    python tools/benchmarks/sliding_window.py [--frames 304] [--rounds 4] [--size 224] [--precision float32]
"""

import argparse
import time
from statistics import median

import keras
import numpy as np

from lrcn_seq import decoders, encoders
from lrcn_seq.data.samplings import registry as samplings
from lrcn_seq.records import Clips

CLIPS = 16


class Classifier(keras.Model):
    """Encoder and LSTM: clips to the mean distribution of each (P, C)."""

    def __init__(self, size):
        super().__init__()
        self.encoder = encoders.registry.build({"type": "applications", "network": "VGG16", "output": "fc1" if size == 224 else "pooled", "size": size})
        self.decoder = decoders.registry.build({"type": "lstm_frames", "units": 256}, classes=101)

    def call(self, clips):
        return keras.ops.mean(keras.ops.softmax(self.decoder(self.encoder(clips))[0]), axis=1)


def shared(frames, clips):
    """Each frame once."""
    distinct, index = np.unique(clips, return_inverse=True)
    return Clips(frames[distinct], index.reshape(clips.shape).astype("int32"))


def alone(frames, clips):
    """The frames of every clip."""
    return Clips(frames[clips.reshape(-1)], np.arange(clips.size, dtype="int32").reshape(clips.shape))


def test(model, pack, frames, clips):
    """The distributions of all clips (P, C), and the seconds they took: on the clock, and of all cores."""
    batches = [pack(frames, clips[start : start + CLIPS]) for start in range(0, len(clips), CLIPS)]
    clock, cores = time.perf_counter(), time.process_time()
    found = np.concatenate([model.predict_on_batch(batch) for batch in batches])
    return found, (time.perf_counter() - clock, time.process_time() - cores)


def main():
    """Prints medians, their ratio and the largest difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=304)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--precision", default="float32", help="float32, or mixed_bfloat16 where the CPU has AMX")
    options = parser.parse_args()
    keras.config.set_dtype_policy(options.precision)
    keras.utils.set_random_seed(0)
    frames = np.random.default_rng(0).integers(0, 256, (options.frames, options.size, options.size, 3), "uint8")
    clips = np.stack(samplings.build({"type": "sliding"}).test(np.arange(options.frames) / 25))
    model, sides = Classifier(options.size), {"shared": shared, "alone": alone}
    print(f"{options.frames} frames, {len(clips)} clips, {clips.size} frames in clips")
    found, seconds = {}, {name: [] for name in sides}
    for number in range(options.rounds):
        for name, pack in sides.items():
            found[name], taken = test(model, pack, frames, clips)
            if number or options.rounds == 1:
                seconds[name].append(taken)
    for kind, unit in enumerate(("seconds", "core-seconds")):
        for name, values in seconds.items():
            print(f"{name}: {median(value[kind] for value in values):.1f} {unit} ({', '.join(f'{value[kind]:.1f}' for value in values)})")
        ratio = median(slow[kind] / fast[kind] for slow, fast in zip(seconds["alone"], seconds["shared"], strict=True))
        print(f"sharing is {ratio:.2f} × faster in {unit} (goal: at least 1.8)")
    print(f"probabilities differ by at most {np.abs(found['shared'] - found['alone']).max():.1e} of {found['alone'].max():.3f}")


if __name__ == "__main__":
    main()
