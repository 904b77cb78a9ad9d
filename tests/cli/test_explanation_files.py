"""The images that `--explain` writes: their names, and their content with trained runs."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.cli._explanation_files import explainer, image_names
from lrcn_seq.data.sources.moving_shapes import Film
from lrcn_seq.errors import UsageError

RUNS = {"caption": "smoke_run", "classify": "activity_run", "describe": "description_run"}
"""The fixture of the run of each command."""


@pytest.fixture
def call(lrcn, request):
    """Return a function that calls a command with its run."""
    return lambda verb, *arguments, run=None: lrcn(
        verb, request.getfixturevalue(RUNS[run or verb]), *arguments
    )


@pytest.fixture
def clip(tmp_path):
    """Return an animation."""
    first, *others = map(Image.fromarray, Film(0, "test", 0, 32, 3).draw())
    first.save(tmp_path / "clip.gif", save_all=True, append_images=others, duration=40)
    return tmp_path / "clip.gif"


def test_names_are_distinct_and_legal():
    """Equal stems are numbered, also if they differ in case, and long names are cut."""
    files = ["a/x.jpg", "b/x.png", "c/X.jpg", "d/日本 ü.jpg", "..", "e/" + "é" * 150 + ".jpg"]
    names = list(image_names(files).values())
    assert names[:5] == ["x.png", "x-2.png", "X-3.png", "日本 ü.png", "file.png"]
    assert names[5] == "é" * 100 + ".png"


def test_names_of_undecodable_files():
    """The bytes of a file name that are not UTF-8 are left out."""
    assert image_names(["a\udcff.jpg"]) == {"a\udcff.jpg": "a.png"}


def test_without_a_folder_nothing_is_explained():
    """Without `--explain`, the task is not asked for explanations."""
    explainer(SimpleNamespace(), None, ["a"])(SimpleNamespace(error=None, file="a"))


def test_images_of_a_folder(call, images, tmp_path):
    """`caption --explain` writes an image per file, and prints the captions as usual."""
    result = call("caption", images, "--explain", tmp_path / "new" / "why")
    assert (result.code, result.err) == (0, "")
    assert len(result.out.splitlines()) == 3
    names = sorted(path.name for path in (tmp_path / "new" / "why").iterdir())
    assert names == ["a.png", "b ü ß.png", "c 日本 [1].png"]
    for name in names:
        assert np.asarray(Image.open(tmp_path / "new" / "why" / name)).std() > 0


def test_a_broken_file_has_no_image(call, images, broken, tmp_path):
    """A file that cannot be read has an error and no image; the others are explained."""
    result = call("caption", broken["text"], images / "a.png", "--explain", tmp_path / "why")
    assert result.code == 1
    assert [path.name for path in (tmp_path / "why").iterdir()] == ["a.png"]


@pytest.mark.parametrize("arguments", [(), ("--per-frame", "--json")])
def test_clips(call, clip, tmp_path, arguments):
    """`classify --explain` writes an image per clip, also with `--per-frame`."""
    result = call("classify", clip, *arguments, "--explain", tmp_path / "why")
    assert (result.code, result.err) == (0, "")
    assert [path.name for path in (tmp_path / "why").iterdir()] == ["clip.png"]


def test_descriptions(call, clip, tmp_path):
    """`describe --explain` writes an image per clip; windows are refused."""
    assert call("describe", clip, "--explain", tmp_path / "why").code == 0
    assert (tmp_path / "why" / "clip.png").is_file()
    refused = call("describe", clip, "--explain", tmp_path / "why", "--window", 1)
    assert refused.code == 2
    assert "Received: --window" in refused.err


def test_predict(call, images, tmp_path):
    """`predict --explain --json` explains a run of any task, and prints one JSON object."""
    result = call("predict", images / "a.png", "--explain", tmp_path, "--json", run="caption")
    assert len(json.loads(result.out)["results"]) == 1
    assert (tmp_path / "a.png").is_file()


def test_a_file_instead_of_a_folder(call, images):
    """A file in place of the folder is an error before anything is predicted."""
    result = call("caption", images / "a.png", "--explain", images / "a.png")
    assert (result.code, result.out) == (2, "")
    assert "expected a folder" in result.err
    assert call("caption", images / "a.png", "--explain", "").code == 2


def test_a_task_without_explanations(tmp_path):
    """A task that does not explain its predictions is refused before the folder is created."""

    def explain(media, target=None):
        raise UsageError("no explanations")

    with pytest.raises(UsageError, match="no explanations"):
        explainer(SimpleNamespace(explain=explain), str(tmp_path / "why"), ["a"])
    assert not (tmp_path / "why").exists()
