"""Decoding a video and sampling 20 of its frames: ours against OpenCV in sequence, and against OpenCV seeking to each frame.

Ours decodes in sequence and converts only the wanted frames. OpenCV in sequence stands in two forms: `read` converts every frame,
`grab` leaves out those that are not wanted. OpenCV seeking sets CAP_PROP_POS_FRAMES before each read, as tutorials do.
All sides are given the frame numbers and end with the same frames, RGB of full size, which are compared. With --side they are resized
too: ours by Pillow, which smooths (0.6 ms from 340 × 256), OpenCV's by `cv2.resize`, which does not (0.1 ms). Rounds take turns;
medians and ratios are printed, on the clock and in core-seconds, which other work on the machine disturbs less.

    python tools/benchmarks/decode.py [VIDEO ...] [--rounds 9] [--frames 20] [--side 224]

Without a video one is generated: H.264, 320 × 240, 300 frames.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import av
import cv2
import numpy as np
from PIL import Image

from lrcn_seq.data.media.video import Video
from lrcn_seq.records import Preprocessing


def generated(path, count=300, size=(320, 240)):
    """A soft texture that wanders, with a little noise."""
    random = np.random.default_rng(0)
    ground = np.asarray(
        Image.fromarray(random.integers(0, 256, (60, 80, 3), "uint8")).resize(
            (640, 480), Image.Resampling.BICUBIC
        ),
        "int16",
    )
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(count):
            left, top = (
                round(160 + 150 * np.sin(number / 20)),
                round(120 + 110 * np.cos(number / 31)),
            )
            pixels = ground[top : top + size[1], left : left + size[0]] + random.normal(
                0, 4, (size[1], size[0], 1)
            )
            container.mux(
                stream.encode(
                    av.VideoFrame.from_ndarray(
                        np.clip(pixels, 0, 255).astype("uint8"), format="rgb24"
                    )
                )
            )
        container.mux(stream.encode())
    return path


def ours(path, numbers, size):
    """The library."""
    return Video(path).frames(Preprocessing(*size), numbers)


def shaped(picture, size):
    """BGR to RGB of this height and width."""
    return cv2.cvtColor(
        picture if picture.shape[:2] == size else cv2.resize(picture, size[::-1]), cv2.COLOR_BGR2RGB
    )


def reading(path, numbers, size):
    """OpenCV in sequence, every frame converted."""
    capture, wanted, frames = cv2.VideoCapture(str(path)), set(numbers), []
    for number in range(max(numbers) + 1):
        _, picture = capture.read()
        if number in wanted:
            frames.append(shaped(picture, size))
    return np.stack(frames)


def grabbing(path, numbers, size):
    """OpenCV in sequence, only the wanted frames converted."""
    capture, wanted, frames = cv2.VideoCapture(str(path)), set(numbers), []
    for number in range(max(numbers) + 1):
        capture.grab()
        if number in wanted:
            frames.append(shaped(capture.retrieve()[1], size))
    return np.stack(frames)


def seeking(path, numbers, size):
    """OpenCV, a seek for each frame."""
    capture, frames = cv2.VideoCapture(str(path)), []
    for number in numbers:
        capture.set(cv2.CAP_PROP_POS_FRAMES, number)
        frames.append(shaped(capture.read()[1], size))
    return np.stack(frames)


SIDES = {"ours": ours, "OpenCV read": reading, "OpenCV grab": grabbing, "OpenCV seeking": seeking}


def race(path, options):
    """Prints one video's medians, ratios and differences."""
    count = len(Video(path).times())
    numbers = (np.arange(options.frames) * (count // options.frames)).tolist()
    capture = cv2.VideoCapture(str(path))
    size = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)), int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    print(
        f"{Path(path).name}: {count} frames of {size[1]} × {size[0]}, {options.frames} of them wanted"
    )
    whole = {name: side(path, numbers, size) for name, side in SIDES.items()}
    seconds = {name: [] for name in SIDES}
    for number in range(options.rounds):
        order = list(SIDES.items())
        for name, side in order[number % len(order) :] + order[: number % len(order)]:
            clock, cores = time.perf_counter(), time.process_time()
            side(path, numbers, (options.side, options.side) if options.side else size)
            seconds[name].append((time.perf_counter() - clock, time.process_time() - cores))
    for name in SIDES:
        difference = np.abs(whole[name].astype(int) - whole["ours"]).mean()
        clock, cores = (median(value[kind] for value in seconds[name]) * 1000 for kind in (0, 1))
        slower = [
            median(
                theirs[kind] / mine[kind]
                for theirs, mine in zip(seconds[name], seconds["ours"], strict=True)
            )
            for kind in (0, 1)
        ]
        print(
            f"  {name:15} {clock:7.1f} ms ({slower[0]:5.2f} × ours)   {cores:7.1f} core-ms ({slower[1]:5.2f} × ours)   pixels differ by {difference:.2f} of 255"
        )
    print("  goals: OpenCV in sequence at least 0.95, OpenCV seeking at least 2")


def main():
    """Races on each video given, or on a generated one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", nargs="*")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--side", type=int)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for path in options.videos or [generated(Path(folder) / "generated.mp4")]:
            race(path, options)


if __name__ == "__main__":
    main()
