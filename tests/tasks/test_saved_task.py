"""Tasks from `.keras` files."""

import subprocess
import sys

import keras
import pytest

import lrcn_seq
from lrcn_seq.errors import RunError
from lrcn_seq.tasks import load_saved
from tests.tasks.inputs import fresh_captioner


def test_a_saved_task_is_loaded(images, tmp_path):
    """`lrcn_seq.load` reads the file that `save` wrote."""
    task = fresh_captioner("search={type: greedy}")
    task.save(tmp_path / "m.keras")
    loaded = lrcn_seq.load(tmp_path / "m.keras")
    assert loaded.predict(images[:2]) == task.predict(images[:2])


def test_keras_finds_the_classes_in_another_process(tmp_path):
    """In a new process, `load_model` of Keras finds the classes after `import lrcn_seq`."""
    fresh_captioner().save(tmp_path / "m.keras")
    code = "import keras, sys, lrcn_seq; print(type(keras.saving.load_model(sys.argv[1])).__name__)"
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "m.keras")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.splitlines()[-1:] == ["Captioning"], result.stderr


def test_other_files_are_refused(tmp_path):
    """A damaged file and the file of another model are refused with the path."""
    path = tmp_path / "m.keras"
    path.write_bytes(b"text")
    with pytest.raises(RunError, match=r"m\.keras: expected a task that was saved"):
        load_saved(path)
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(path)
    with pytest.raises(RunError, match=r"expected a task\. Received: Sequential"):
        load_saved(path)
