"""JPEG to stored feature against its floor: the core-seconds of decoding and resizing alone plus those of the bare forward pass, over the cores.

python tools/benchmarks/extraction.py [--pictures 512] [--rounds 5]

Pictures of COCO's size (640×480) are drawn and saved as JPEG first. Every round measures the three parts; medians are printed.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from lrcn_seq import encoders
from lrcn_seq.data.media import ContentIndex, MediaReader
from lrcn_seq.features.extraction import extract, items_of
from lrcn_seq.features.store import FeatureStore
from lrcn_seq.records import Sample
from lrcn_seq.tasks._frame_encoder import FrameEncoder


def pictures(folder: Path, count: int) -> list[Sample]:
    """JPEGs with as much detail as photographs have (about 3 bits a pixel at quality 90)."""
    random = np.random.default_rng(0)
    samples = []
    for number in range(count):
        coarse = Image.fromarray(random.integers(0, 255, (60, 80, 3), "uint8")).resize(
            (640, 480), Image.Resampling.BICUBIC
        )
        noisy = np.clip(
            np.asarray(coarse, "int16") + random.normal(0, 6, (480, 640, 1)), 0, 255
        ).astype("uint8")
        path = folder / f"{number}.jpg"
        Image.fromarray(noisy).save(path, quality=90)
        samples.append(Sample(str(number), str(path), str(number), "train"))
    return samples


def timed(work) -> tuple[float, float]:
    """Core-seconds of this process, and seconds on the clock."""
    cores, clock = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cores, time.perf_counter() - clock


def main() -> None:
    """Measures decoding, the forward pass, and extraction, round by round."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    encoder = encoders.registry.build(
        {"type": "applications", "network": "MobileNetV2", "alpha": 0.35}
    )
    network, shares = FrameEncoder(encoder), []
    with tempfile.TemporaryDirectory() as name:
        samples = pictures(Path(name), arguments.pictures)
        items, _ = items_of(
            samples, MediaReader("images", encoder.preprocessing, index=ContentIndex())
        )
        frames = np.concatenate([item.read() for item in items[:32]])
        network.predict_on_batch(frames)
        for number in range(arguments.rounds):
            decoding, _ = timed(lambda: [item.read() for item in items])
            forward, _ = timed(
                lambda: [network.predict_on_batch(frames) for _ in range(len(items) // 32)]
            )
            store = FeatureStore(Path(name) / f"store{number}", "race")
            _, clock = timed(lambda store=store: extract(store, items, network.features, batch=32))
            floor = (decoding + forward) / os.cpu_count()
            shares.append(floor / clock)
            print(
                f"decoding {decoding:.2f} core-s  forward {forward:.2f} core-s  floor {floor:.2f} s  extraction {clock:.2f} s  {shares[-1]:.0%} of the floor",
                flush=True,
            )
    print(
        f"median {statistics.median(shares):.0%} of the floor; {arguments.pictures / clock:.0f} pictures/s"
    )


if __name__ == "__main__":
    main()
