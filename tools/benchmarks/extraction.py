"""Time of feature extraction from JPEG files, compared with its lower bound.

The lower bound is the sum of the core-seconds of decoding (with resizing) and of the forward pass,
each measured alone, divided by the number of cores. First, images of 640×480 as in COCO are drawn
and saved as JPEG. Every round measures decoding, forward pass and extraction; the median ratio of
lower bound to extraction is printed.

    python tools/benchmarks/extraction.py [--pictures 512] [--rounds 5]
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lrcn_seq import encoders
from lrcn_seq.data.media import ContentIndex, MediaReader
from lrcn_seq.features.extraction import BATCH, extract, items_of
from lrcn_seq.features.store import FeatureStore
from lrcn_seq.records import Sample
from lrcn_seq.tasks._frame_encoder import FrameEncoder


def draw_images(folder: Path, count: int) -> list[Sample]:
    """Save JPEGs with as much detail as photographs: about 3 bits per pixel at quality 90."""
    random = np.random.default_rng(0)
    samples = []
    for number in range(count):
        coarse = Image.fromarray(random.integers(0, 255, (60, 80, 3), "uint8"))
        smooth = np.asarray(coarse.resize((640, 480), Image.Resampling.BICUBIC), "int16")
        noisy = np.clip(smooth + random.normal(0, 6, (480, 640, 1)), 0, 255).astype("uint8")
        path = folder / f"{number}.jpg"
        Image.fromarray(noisy).save(path, quality=90)
        samples.append(Sample(str(number), str(path), str(number), "train"))
    return samples


def measure(work: Callable[[], Any]) -> tuple[float, float]:
    """Return the core-seconds (of this process) and the seconds that a function takes."""
    cores, clock = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cores, time.perf_counter() - clock


def main() -> None:
    """Print the times of each round, and the median ratio of lower bound to extraction."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    encoder = encoders.registry.build(
        {"type": "applications", "network": "MobileNetV2", "alpha": 0.35}
    )
    network, shares, clock = FrameEncoder(encoder), [], 0.0
    with tempfile.TemporaryDirectory() as name:
        samples = draw_images(Path(name), options.pictures)
        items, _ = items_of(
            samples, MediaReader("images", encoder.preprocessing, index=ContentIndex())
        )
        frames = np.concatenate([item.read() for item in items[:BATCH]])
        batches = len(items) // BATCH
        network.predict_on_batch(frames)
        for number in range(options.rounds):
            decoding, _ = measure(lambda: [item.read() for item in items])
            forward, _ = measure(lambda: [network.predict_on_batch(frames) for _ in range(batches)])
            store = FeatureStore(Path(name) / f"store{number}", "race")
            _, clock = measure(partial(extract, store, items, network.features))
            bound = (decoding + forward) / (os.cpu_count() or 1)
            shares.append(bound / clock)
            print(
                f"decoding {decoding:.2f} core-s, forward pass {forward:.2f} core-s, lower bound "
                f"{bound:.2f} s, extraction {clock:.2f} s, ratio {shares[-1]:.0%}",
                flush=True,
            )
    print(
        f"median ratio of lower bound to extraction {statistics.median(shares):.0%}; "
        f"{options.pictures / clock:.0f} images/s"
    )


if __name__ == "__main__":
    main()
