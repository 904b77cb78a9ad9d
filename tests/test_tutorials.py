"""The tutorials: all of their commands run in order, on real data where they are available.

Without the folder of real data, the commands read generated images and clips.
"""

import csv
import re
import runpy
import shlex
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import av
import pytest
from PIL import Image

from lrcn_seq import read_frames
from lrcn_seq.data.sources.moving_shapes import Film
from lrcn_seq.data.sources.shapes import Drawing
from tests.test_readme import blocks, text_of

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data"
WEIGHTS = REAL / "weights" / "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
TUTORIALS = ("activity", "captioning", "description")
IMAGES, CLIPS = 60, 12
"""The number of images in the table, and of clips of each class."""
CLASSES = ("fight", "noFight")
COMPARED = {"check", "evaluate"}
"""Commands whose output must begin its lines with the words that the tutorial shows."""

each_tutorial = pytest.mark.parametrize("name", TUTORIALS)


class Step(NamedTuple):
    """A command of a tutorial, and the output that the tutorial shows, if any."""

    command: list[str]
    shown: str


def steps(name: str) -> list[Step]:
    """Return the commands of a tutorial in order, except benchmarks.

    A shown output is that of the last command of the block before it.
    """
    found: list[Step] = []
    pattern = r"(?ms)^```sh\n(.*?)^```$(?:\s*^```text\n(.*?)^```$)?"
    for commands, shown in re.findall(pattern, text_of(f"docs/{name}.md")):
        lines = commands.replace("\\\n", " ").splitlines()
        calls = list(filter(None, (shlex.split(line, comments=True) for line in lines)))
        calls = [call for call in calls if not any("benchmarks" in word for word in call)]
        outputs = [""] * (len(calls) - 1) + [shown]
        found += map(Step, calls, outputs)
    return found


def first_words(output: str) -> set[str]:
    """Return the first words of the lines, with 0 in place of every number.

    A line that begins with a blank continues the line before it.
    """
    words = [line.split(maxsplit=1)[0] for line in output.splitlines() if line[:1].strip()]
    return {re.sub(r"\d+", "0", word) for word in words}


def drawn_image(number: int) -> Drawing:
    """Return a generated image."""
    return Drawing(0, "train", number, 64)


def write_clip(path: Path, number: int) -> None:
    """Write a generated clip as a video of about two seconds."""
    frames = Film(0, "train", number, 64, 4).draw().repeat(4, axis=0)
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=16)
        stream.height, stream.width = frames.shape[1:3]
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def images() -> dict[str, tuple[str, ...]]:
    """Return the names of the images with their captions."""
    if not REAL.is_dir():
        return {f"{n}.jpg": drawn_image(n).scene().captions() for n in range(IMAGES)}
    names = (REAL / "flickr8k" / "train.txt").read_text().split()[:IMAGES]
    captions: dict[str, list[str]] = {name: [] for name in names}
    with (REAL / "flickr8k" / "captions.txt").open(newline="") as file:
        for row in csv.DictReader(file):
            captions.get(row["image"], []).append(row["caption"])
    return {name: tuple(texts) for name, texts in captions.items()}


def write_image(name: str, number: int, path: Path) -> None:
    """Copy a real image, or write a generated one."""
    if REAL.is_dir():
        shutil.copy(REAL / "flickr8k" / "images_224" / name, path)
    else:
        Image.fromarray(drawn_image(number).draw()[0]).save(path)


def prepare_captioning(folder: Path) -> None:
    """Write images with their table, and copies of some as new images."""
    table = images()
    (folder / "photos").mkdir()
    (folder / "new").mkdir()
    count = len(next(iter(table.values())))
    rows = [["image", *(f"caption{number + 1}" for number in range(count))]]
    for number, (name, captions) in enumerate(table.items()):
        write_image(name, number, folder / "photos" / name)
        rows.append([f"photos/{name}", *captions])
        if number < 3:
            write_image(name, number, folder / "new" / name)
    shutil.copy(next((folder / "new").iterdir()), folder / "photo.jpg")
    with (folder / "captions.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def prepare_activity(folder: Path) -> None:
    """Write folders of clips with a table of groups, and a clip and a long video to classify."""
    clips = folder / "clips"
    rows = ["label,file,group"]
    if REAL.is_dir():
        rows = (REAL / "surveillance_fights" / "index.csv").read_text().splitlines()
    for label in CLASSES:
        (clips / label).mkdir(parents=True)
        if REAL.is_dir():
            for path in sorted((REAL / "surveillance_fights" / label).iterdir())[:CLIPS]:
                shutil.copy(path, clips / label)
        else:
            for number in range(CLIPS):
                write_clip(clips / label / f"{label}{number}.mp4", number)
                rows.append(f"{label},{label}{number}.mp4,{label}{number // 2}")
    (clips / "index.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    shutil.copy(next((clips / "fight").iterdir()), folder / "clip.mp4")
    prepare_long(folder / "long.mp4")


def prepare_description(folder: Path) -> None:
    """Write the table that the tutorial shows, its videos, and two videos to describe."""
    (table, *_) = (block for block in blocks("docs/description.md", "text"))
    (folder / "videos.csv").write_text(table.text, encoding="utf-8")
    (folder / "videos").mkdir()
    for number, row in enumerate(csv.DictReader(table.text.splitlines())):
        path = folder / row["video"]
        if REAL.is_dir():
            shutil.copy(REAL / "msvd" / "clips" / path.name, path)
        else:
            write_clip(path, number)
    shutil.copy(path, folder / "video.mp4")
    prepare_long(folder / "long.mp4")


def prepare_long(path: Path) -> None:
    """Copy a video of 14 seconds, or write a generated clip."""
    if REAL.is_dir():
        shutil.copy(REAL / "msvd" / "clips" / "3qqEKTPxLNs_1_15.avi", path)
    else:
        write_clip(path, 99)


PREPARE = {
    "activity": prepare_activity,
    "captioning": prepare_captioning,
    "description": prepare_description,
}


def encoder_overrides() -> list[str]:
    """Return overrides for a small encoder whose weights need no download."""
    weights = WEIGHTS if REAL.is_dir() else "none"
    return [
        "encoder.network=MobileNetV2",
        "encoder.alpha=0.35",
        "encoder.size=96",
        f"encoder.weights={weights}",
    ]


def run_folds(command: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """Run tools/folds.py in this process with short trainings and return its exit code."""
    path = str(ROOT / command[1])
    monkeypatch.setattr(
        sys, "argv", [path, *command[2:], *encoder_overrides(), "training.epochs=1"]
    )
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(path, run_name="__main__")
    return int(ended.value.code or 0)


@each_tutorial
def test_tutorials_show_outputs(name):
    """A tutorial checks, trains, evaluates and uses other verbs, and shows at least 4 outputs."""
    found = steps(name)
    verbs = {step.command[1] for step in found if step.command[0] == "lrcn"}
    assert {"check", "train", "evaluate"} < verbs
    assert sum(bool(step.shown) for step in found) >= 4


@each_tutorial
def test_inputs_are_generated_without_real_data(name, tmp_path, monkeypatch):
    """Without the folder of real data, the files of a tutorial are generated and can be read."""
    monkeypatch.setattr(sys.modules[__name__], "REAL", tmp_path / "missing")
    PREPARE[name](tmp_path)
    media = [path for path in tmp_path.rglob("*") if path.suffix in (".jpg", ".mp4", ".avi")]
    assert len(media) >= 7
    for path in media:
        frames = read_frames(path)
        assert frames.shape[1:] == (64, 64, 3)
        assert (len(frames) > 16) == (path.suffix != ".jpg")


@pytest.mark.slow
@pytest.mark.timeout(3600)
@each_tutorial
def test_tutorials_run(name, tmp_path, monkeypatch, lrcn):
    """All commands of a tutorial run in order, and scores and checks have the shown form."""
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    (tmp_path / "my").mkdir()
    PREPARE[name](tmp_path / "my")
    monkeypatch.chdir(tmp_path)
    for command, shown in steps(name):
        small = encoder_overrides() if {"--data", "train", "extract"} & set(command) else []
        small += ["training.epochs=2"] if "train" in command else []
        if command[0] != "lrcn":
            assert run_folds(command, monkeypatch) == 0, command
            continue
        result = lrcn(*command[1:], *small)
        assert result.code == 0, (command, result.err)
        assert "deprecated" not in result.err
        if command[1] in COMPARED and shown:
            assert first_words(result.out) <= first_words(shown), command
            assert first_words(shown) <= first_words(result.err + result.out), command
        if command[1] == "train" and shown:
            assert shown.splitlines()[-1] == result.out.splitlines()[-1]
