"""Time of decoding 20 frames of a video, compared with OpenCV.

This library decodes in sequence and converts only the selected frames. OpenCV is measured in three
ways: `read` in sequence converts every frame, `grab` in sequence converts only the selected ones,
and `seek` sets CAP_PROP_POS_FRAMES before each frame, as tutorials do.

Every contestant gets the frame numbers and returns the same RGB frames at full size, which are
compared. With --side, frames are also resized: by Pillow with antialiasing in this library (0.6 ms
for a frame of 340 × 256), and by OpenCV without antialiasing (0.1 ms). Contestants alternate.
Median times and their ratios are printed in milliseconds and in core-milliseconds, which depend
less on other programs.

    python tools/benchmarks/decode.py [VIDEO ...] [--rounds 9] [--frames 20] [--side 224]

Without a video, one is generated: H.264, 320 × 240, 300 frames.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import av
import cv2
import numpy as np
from PIL import Image

from lrcn_seq.data.media.video import Video
from lrcn_seq.records import Preprocessing

Size = tuple[int, int]
"""Height and width of a frame."""


def generate_video(path: Path, count: int = 300, size: Size = (320, 240)) -> Path:
    """Write a video that shows a smooth moving texture with a little noise.

    Args:
        path: File to write.
        count: Number of frames.
        size: Width and height of the frames.
    """
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 256, (60, 80, 3), "uint8"))
    texture = np.asarray(coarse.resize((640, 480), Image.Resampling.BICUBIC), "int16")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(count):
            left = round(160 + 150 * np.sin(number / 20))
            top = round(120 + 110 * np.cos(number / 31))
            window = texture[top : top + size[1], left : left + size[0]]
            noisy = window + random.normal(0, 4, (size[1], size[0], 1))
            pixels = np.clip(noisy, 0, 255).astype("uint8")
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


def read_ours(path: Path, numbers: Sequence[int], size: Size) -> np.ndarray:
    """Read frames with this library."""
    return Video(path).frames(Preprocessing(*size), numbers)


def as_rgb(image: np.ndarray, size: Size) -> np.ndarray:
    """Convert a BGR image to RGB and resize it to the given height and width."""
    resized = image if image.shape[:2] == size else cv2.resize(image, size[::-1])
    return cv2.cvtColor(resized, cv2.COLOR_BGR2RGB)


def read_all(path: Path, numbers: Sequence[int], size: Size) -> np.ndarray:
    """Read frames with OpenCV in sequence, converting every frame."""
    capture, selected, frames = cv2.VideoCapture(str(path)), set(numbers), []
    for number in range(max(numbers) + 1):
        _, image = capture.read()
        if number in selected:
            frames.append(as_rgb(image, size))
    return np.stack(frames)


def grab(path: Path, numbers: Sequence[int], size: Size) -> np.ndarray:
    """Read frames with OpenCV in sequence, converting the selected frames only."""
    capture, selected, frames = cv2.VideoCapture(str(path)), set(numbers), []
    for number in range(max(numbers) + 1):
        capture.grab()
        if number in selected:
            frames.append(as_rgb(capture.retrieve()[1], size))
    return np.stack(frames)


def seek(path: Path, numbers: Sequence[int], size: Size) -> np.ndarray:
    """Read frames with OpenCV, seeking before each frame."""
    capture, frames = cv2.VideoCapture(str(path)), []
    for number in numbers:
        capture.set(cv2.CAP_PROP_POS_FRAMES, number)
        frames.append(as_rgb(capture.read()[1], size))
    return np.stack(frames)


CONTESTANTS = {
    "ours": read_ours,
    "OpenCV read": read_all,
    "OpenCV grab": grab,
    "OpenCV seek": seek,
}


def measure(
    path: Path, numbers: Sequence[int], size: Size, rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """Return the seconds and core-seconds that each contestant takes in each round.

    The order of the contestants rotates from round to round.
    """
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in CONTESTANTS}
    for number in range(rounds):
        order = list(CONTESTANTS.items())
        for name, read in order[number % len(order) :] + order[: number % len(order)]:
            clock, cores = time.perf_counter(), time.process_time()
            read(path, numbers, size)
            seconds[name].append((time.perf_counter() - clock, time.process_time() - cores))
    return seconds


def compare(path: Path, options: argparse.Namespace) -> None:
    """Print median times, their ratios and pixel differences for one video."""
    count = len(Video(path).times())
    numbers = (np.arange(options.frames) * (count // options.frames)).tolist()
    capture = cv2.VideoCapture(str(path))
    size = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)), int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    print(f"{Path(path).name}: {options.frames} of {count} frames of {size[1]} × {size[0]}")
    frames = {name: read(path, numbers, size) for name, read in CONTESTANTS.items()}
    timed_size = (options.side, options.side) if options.side else size
    seconds = measure(path, numbers, timed_size, options.rounds)
    for name in CONTESTANTS:
        difference = np.abs(frames[name].astype(int) - frames["ours"]).mean()
        clock, cores = (median(value[kind] for value in seconds[name]) * 1000 for kind in (0, 1))
        ratios = [
            median(
                other[kind] / ours[kind]
                for other, ours in zip(seconds[name], seconds["ours"], strict=True)
            )
            for kind in (0, 1)
        ]
        print(
            f"  {name:15} {clock:7.1f} ms ({ratios[0]:5.2f} × ours)   {cores:7.1f} core-ms "
            f"({ratios[1]:5.2f} × ours)   mean pixel difference {difference:.2f} of 255"
        )
    print("  goals: OpenCV read and grab at least 0.95 × ours, OpenCV seek at least 2 × ours")


def main() -> None:
    """Compare the contestants on each given video, or on a generated one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", nargs="*")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--side", type=int)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for path in options.videos or [generate_video(Path(folder) / "generated.mp4")]:
            compare(path, options)


if __name__ == "__main__":
    main()
