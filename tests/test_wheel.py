"""The wheel, and the commands of the README in an environment without the source tree."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.media_fixtures import write_video
from tests.test_readme import shell_lines

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("configs", "lrcn_seq", "LICENSE", "README.md", "pyproject.toml", "setup.py")
"""The files and folders from which the wheel is built."""
ENCODER = "encoder={type: applications, network: MobileNetV2, alpha: 0.35, size: 32, train: frozen}"
QUICK = {
    "captioning/own_table": (ENCODER, "decoder.units=8", "decoder.embedding=8"),
    "activity/features_lstm": (ENCODER, "decoder.units=8"),
    "description/own_table": (ENCODER, "decoder.units=8", "decoder.embedding=8"),
}
"""Overrides by config with which its network needs no download and trains in seconds."""
COPIES = {
    "RUN": "runs/mine",
    "runs/other": "runs/mine",
    "runs/rgb": "runs/activity",
    "runs/flow": "runs/activity",
}
"""Runs that the README names but does not train, and the runs that stand for them."""
WALK = """
import json, shutil, sys
from pathlib import Path

import lrcn_seq
from lrcn_seq.cli import main

calls, copies = json.load(sys.stdin)
for call in calls:
    for name, run in copies.items():
        if name in call and not Path(name).exists():
            shutil.copytree(run, name)
    if code := main(call):
        sys.exit(f"{call}: exit code {code}")
print(Path(lrcn_seq.__file__).parent)
"""


def call(*command: Any, cwd: Path, **options: Any) -> str:
    """Run a command and return its stdout."""
    result = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, check=False, cwd=cwd, **options
    )
    assert result.returncode == 0, f"{command}: {result.stdout[-3000:]}{result.stderr[-3000:]}"
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Build the wheel from a copy of the sources, without downloads."""
    folder = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    options = ("--no-deps", "--no-build-isolation", "--no-index", "-q", "-w", "dist")
    call(sys.executable, "-m", "pip", "wheel", ".", *options, cwd=folder)
    (path,) = (folder / "dist").glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """Install the wheel into an empty environment and return its folder of programs.

    The packages that the library depends on are those of this environment.
    """
    folder = tmp_path_factory.mktemp("environment")
    call(sys.executable, "-m", "venv", "--without-pip", "env", cwd=folder)
    programs = folder / "env" / "bin"
    purelib = call(
        programs / "python",
        "-c",
        "import sysconfig; print(sysconfig.get_path('purelib'))",
        cwd=folder,
    ).strip()
    # Python adds the folders that a path file lists, but does not read the path files in them,
    # such as that of an editable installation.
    paths = dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    (Path(purelib) / "dependencies.pth").write_text("\n".join(paths))
    options = ("--no-deps", "--no-index", "-q", "--force-reinstall")
    pip = (sys.executable, "-m", "pip", "--python", programs / "python")
    call(*pip, "install", *options, wheel, cwd=folder)
    return programs


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """Return environment variables without those that lead to the source tree."""
    hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return {**kept, "XDG_CONFIG_HOME": str(tmp_path / "settings")}


def write_images(folder: Path, count: int) -> list[str]:
    """Write small images of one color each, and return their names."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        color = tuple(np.random.default_rng(number).integers(0, 255, 3).tolist())
        Image.new("RGB", (40, 40), color).save(folder / f"{number}.png")
    return [f"{number}.png" for number in range(count)]


def write_clip(path: Path, number: int) -> None:
    """Write a short video whose length depends on `number`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_video(path, 6 + number, rate=10)


def write_table(path: Path, kind: str, files: list[str]) -> None:
    """Write a table of captions with a column of splits."""
    splits = ["train"] * (len(files) - 4) + ["dev", "dev", "test", "test"]
    rows = [f"{file},a {file[0]} thing,{split}" for file, split in zip(files, splits, strict=True)]
    path.write_text("\n".join([f"{kind},caption,split", *rows]) + "\n")


@pytest.fixture
def reader_files(tmp_path) -> Path:
    """Write images, videos and tables with the names that the README uses."""
    folder = tmp_path / "work"
    for name in ("my", "other"):
        write_table(folder / name / "captions.csv", "image", write_images(folder / name, 12))
    write_images(folder / "folder", 2)
    write_images(folder / "more", 2)
    shutil.copy(folder / "my" / "0.png", folder / "photo.jpg")
    shutil.copy(folder / "my" / "0.png", folder / "my" / "photo.jpg")
    names = [f"{label}{number}.mp4" for label in "ab" for number in range(10)]
    for number, name in enumerate(names):
        write_clip(folder / "my" / "clips" / name[0] / name, number)
    index = [f"{name},{name}" for name in names]
    (folder / "my" / "clips" / "index.csv").write_text("\n".join(["file,group", *index]) + "\n")
    videos = [f"clips/{name[0]}/{name}" for name in names]
    write_table(folder / "my" / "videos.csv", "video", videos)
    for name in ("my/clip.mp4", "my/video.mp4", "long.mp4"):
        write_clip(folder / name, 0)
    captions = {"1": ["a dog runs", "the dog"], "2": ["a cat", "a small cat"]}
    (folder / "references.json").write_text(json.dumps(captions))
    for name in ("ours", "theirs", "results"):
        rows = [{"image_id": int(key), "caption": texts[0]} for key, texts in captions.items()]
        (folder / f"{name}.json").write_text(json.dumps(rows))
    for name in ("out", "first", "second"):
        (folder / f"{name}.txt").write_text("a dog runs\na cat sits\n")
    return folder


def quick_call(arguments: list[str]) -> list[str]:
    """Return a call of the README with overrides for a small network and one epoch."""
    name = next((name for name in QUICK if f"configs/{name}.yaml" in arguments), None)
    return [*arguments, *(QUICK[name] if name else ()), *(["training.epochs=1"] if name else [])]


def readme_calls() -> list[list[str]]:
    """Return the calls of the README that can run on the files of `reader_files`.

    Calls of `lrcn score` come first, since other calls replace its file of hypotheses.
    """
    calls = [words[1:] for words in shell_lines("README.md") if words[:1] == ["lrcn"]]
    possible = [
        quick_call(arguments)
        for arguments in calls
        if "captions_val2017.json" not in arguments and arguments[0] != "demo"
    ]
    return sorted(possible, key=lambda arguments: arguments[0] != "score")


def test_the_wheel_contains_all_files(wheel):
    """The wheel contains every file of the library and every config, and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = [path for path in (ROOT / "lrcn_seq").rglob("*") if path.is_file()]
    library = {str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts}
    configs = {f"lrcn_seq/{path.relative_to(ROOT)}" for path in (ROOT / "configs").rglob("*.yaml")}
    assert len(library) > 250
    assert len(configs) > 25
    assert names == library | configs


def test_configs_are_found_by_name_without_the_source(installed, environment, tmp_path):
    """Outside of the source tree, commands find the shipped configs of the installed wheel."""
    run = {"cwd": tmp_path, "env": environment}
    out = call(installed / "lrcn", "init", "captioning", **run)
    assert out == "captioning.yaml\n"
    code = "import lrcn_seq.config as c; print(c.config_path('captioning/own_table'))"
    path = call(installed / "python", "-c", code, **run).strip()
    assert path.startswith(str(installed.parent))
    assert path.endswith("/lrcn_seq/configs/captioning/own_table.yaml")
    program = shlex.quote(str(installed / "lrcn"))
    missing = "no such captions.csv"
    result = subprocess.run(
        f"{program} check captioning/own_table data.source.table='{missing}' '{ENCODER}'",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        **run,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("captioning/own_table: Config is valid; its data is missing")


@pytest.mark.timeout(1800)
def test_the_commands_of_the_readme_run_without_the_source(installed, environment, reader_files):
    """The commands of the README run with the installed wheel, on small files and networks."""
    calls = readme_calls()
    assert len(calls) > 10
    out = call(
        installed / "python",
        "-c",
        WALK,
        input=json.dumps([calls, COPIES]),
        cwd=reader_files,
        env=environment,
    )
    assert Path(out.splitlines()[-1]).is_relative_to(installed.parent)
    for name in ("mine", "activity", "description"):
        assert (reader_files / "runs" / name / "report.html").is_file()
