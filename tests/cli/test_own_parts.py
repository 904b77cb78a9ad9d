"""Commands that train, resume, evaluate and predict with parts from a file of the user."""

from pathlib import Path

import pytest

ENCODER = '''
from keras import ops
from lrcn_seq.encoders.base import Encoder
from lrcn_seq.records import Positive, Preprocessing
from lrcn_seq.registry import encoders


@encoders.register
class Brightness(Encoder):
    """The mean brightness of a frame."""

    def __init__(self, *, size: Positive = 16, **kwargs):
        super().__init__(**kwargs)
        self.size = size

    @property
    def preprocessing(self):
        return Preprocessing(self.size, self.size)

    def encode_frames(self, frames, training=False):
        means = ops.mean(ops.cast(frames, self.compute_dtype), axis=(1, 2, 3)) / 255
        return means[:, None, None]
'''


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Work in an empty folder."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.mark.parametrize("way", ["import", "type"])
def test_run_remembers_its_parts(lrcn, project, new_process, way):
    """A run is resumed without `--import`; it predicts and is evaluated without the user's file."""
    file = Path("brightness.py")
    file.write_text(ENCODER)
    arguments = {
        "import": ["encoder={type: brightness, size: 8}", "--import", file],
        "type": ["encoder={type: brightness.py:Brightness, size: 8}"],
    }[way]
    call = ["train", project / "config.yaml", arguments[0], "--run", "run"]
    result = lrcn(*call, *arguments[1:])
    assert (result.code, result.out) == (0, "run\n"), result.err
    assert Path("run/parts/brightness.py").read_text() == ENCODER

    new_process()
    assert lrcn(*call, "--resume", *(arguments[1:] if way == "type" else [])).code == 0
    file.unlink()
    new_process()
    prediction = lrcn("predict", "run", project / "1.png")
    assert (prediction.code, prediction.err) == (0, "")
    new_process()
    assert lrcn("evaluate", "run", "--json").code == 0


def test_run_of_somebody_else_executes_nothing(lrcn, project, tmp_path, monkeypatch, new_process):
    """A run with code that this user has not imported is refused until `--import` allows it."""
    Path("brightness.py").write_text(f"{ENCODER}\nopen('executed', 'a').close()\n")
    override = "encoder={type: brightness.py:Brightness, size: 8}"
    assert lrcn("train", project / "config.yaml", override, "--run", "run").code == 0
    Path("executed").unlink()
    new_process()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings of another user"))
    call = ["predict", "run", project / "1.png"]
    result = lrcn(*call)
    assert (result.code, result.out) == (1, "")
    assert "run/parts/brightness.py, which has not been executed; read it" in result.err
    assert not Path("executed").exists()
    assert lrcn(*call, "--import", "run/parts/brightness.py").code == 0
    assert Path("executed").exists()
