"""Descriptions of artifacts, and their scripts without a model."""

from typing import Any, ClassVar

from lrcn_seq.export.formats.base import Format
from lrcn_seq.export.run_script import compose_script


class Echo(Format):
    """A format whose outputs are its inputs."""

    file_name: ClassVar[str] = "model.echo"
    runtime: ClassVar[str] = "import math"
    load: ClassVar[str] = "MODEL = math.inf"
    call: ClassVar[str] = "    return arrays"

    def write(self, function, path, artifact):
        raise NotImplementedError


def description(answer: str = "captions", **changes: Any) -> dict[str, Any]:
    """Return the content of `artifact.json` of an image captioner, with changes."""
    return {
        "file": "model.echo",
        "answer": answer,
        "inputs": [{"name": "inputs", "shape": [None, 32, 48, 3], "dtype": "uint8"}],
        "resize": {"rule": "stretch", "height": 32, "width": 48, "interpolation": "bilinear"},
        "sampling": None,
        "vocabulary": ["<pad>", "<start>", "<end>", "<unk>", "a", "dog", "'", "s", "."],
        "joining": {"separator": " ", "substitutions": [], "latin_1": False},
        "special": {"pad": 0, "start": 1, "end": 2, "unknown": 3},
        "words_limit": 10,
        "seed": 1,
        "classes": ["run", "jump"],
        **changes,
    }


def clip_description(answer: str, sampling: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the content of `artifact.json` for clips, with changes."""
    inputs = [
        {"name": "inputs", "shape": [None, 4, 32, 48, 3], "dtype": "uint8"},
        {"name": "lengths", "shape": [None], "dtype": "int32"},
    ]
    return description(answer, **{"inputs": inputs, "sampling": sampling, **changes})


def functions(artifact: dict[str, Any], format: Format | None = None) -> dict[str, Any]:
    """Return the functions of the script of an artifact whose model is missing."""
    source = compose_script(artifact, format or Echo())
    lines = [line for line in source.splitlines() if not line.startswith("ARTIFACT =")]
    names: dict[str, Any] = {"__name__": "script", "ARTIFACT": artifact}
    exec("\n".join(lines), names)
    return names
