"""`run.py` of an artifact: an example that needs only the runtime of its format.

The script is composed of the templates in this package, of which only the parts that the artifact
needs are taken, and reads everything else from `artifact.json`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lrcn_seq.errors import UsageError
from lrcn_seq.export.formats import Format

TEMPLATES = Path(__file__).parent / "templates"
PURPOSES = {"captions": "Caption", "labels": "Classify"}
PRINTED = {
    "captions": "predict(file)[0][0]",
    "labels": '"{}\\t{:.4f}".format(*predict(file)[0])',
}
LINES = 60
"""Largest number of lines of `run.py`. Docstrings of functions are left out to keep it."""
DOCSTRING = re.compile(r'^    """.*"""\n', re.MULTILINE)


def compose_script(artifact: Mapping[str, Any], format: Format) -> str:
    """Return the source code of `run.py`.

    Args:
        artifact: the content of `artifact.json`.
        format: the format of the model.

    Raises:
        UsageError: the sampling of the run has no template.
    """
    answer, has_clips = artifact["answer"], artifact["sampling"] is not None
    batch, media = artifact["inputs"][0]["shape"][0], "videos" if has_clips else "images"
    script = _fill(
        "script",
        purpose=f"{PURPOSES[answer]} {media} with {artifact['file']}",
        example="clip.mp4" if has_clips else "photo.jpg",
        imports=_imports(artifact, format),
        load=format.load,
        call=format.call,
        repeat="" if batch in (None, 1) else _fill("repeat"),
        fit=_fit(artifact),
        read=_read_clips(artifact["sampling"]) if has_clips else _fill("read_image"),
        predict=_fill("predict_labels") if answer == "labels" else _predict_captions(artifact),
        printed=PRINTED[answer],
    )
    return (script if script.count("\n") < LINES else DOCSTRING.sub("", script)) + "\n"


def _fill(name: str, **values: str) -> str:
    """Return a template with its placeholders replaced; a line of an empty value disappears."""
    template = (TEMPLATES / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")
    for key, value in values.items():
        if not value:
            template = template.replace(f"{{{{{key}}}}}\n", "")
        template = template.replace(f"{{{{{key}}}}}", value)
    return template


def _imports(artifact: Mapping[str, Any], format: Format) -> str:
    """Return the import statements, those of the standard library first."""
    standard = {
        "import json": True,
        "import re": artifact["answer"] == "captions",
        "import sys": True,
        "from hashlib import blake2b": _is_random(artifact),
        "from pathlib import Path": True,
        "": True,
    }
    has_clips = artifact["sampling"] is not None
    others = [
        "import numpy as np",
        format.runtime,
        *(["import av", "from PIL import Image"] if has_clips else []),
        *([] if has_clips else ["from PIL import Image, ImageOps"]),
    ]
    lines = [line for line, is_used in standard.items() if is_used]
    return "\n".join(lines + sorted(others, key=lambda line: (line.startswith("from"), line)))


def _is_random(artifact: Mapping[str, Any]) -> bool:
    return any(one["name"] == "seeds" for one in artifact["inputs"])


def _fit(artifact: Mapping[str, Any]) -> str:
    """Return the function that resizes an image, and crops it if it is read at a larger size."""
    resize, shape = artifact["resize"], artifact["inputs"][0]["shape"]
    code = _fill(f"fit_{resize['rule']}")
    if [resize["height"], resize["width"]] == list(shape[-3:-1]):
        return code
    before, _, value = code.rpartition("    return ")
    return f"{before}    pixels = {value}\n{_fill('center_crop')}"


def _read_clips(sampling: Mapping[str, Any]) -> str:
    """Return the function that reads the clip or the clips of a video."""
    name = f"select_{sampling['type']}{'_last_twice' if sampling.get('last_twice') else ''}"
    if not (TEMPLATES / f"{name}.txt").exists():
        raise UsageError(
            "data.sampling: expected uniform, every, random_clip or sliding, which run.py can "
            f"apply. Received: {sampling['type']}; export from Python with `task.export`."
        )
    grid = _fill("grid_step" if sampling.get("seconds") is None else "grid_seconds")
    select = _fill(name, grid=grid)
    return _fill("read_clips" if "clips =" in select else "read_clip", select=select)


def _predict_captions(artifact: Mapping[str, Any]) -> str:
    """Return the functions that decode word IDs and predict the captions of a file."""
    real = '[: arrays["lengths"][0]]' if artifact["sampling"] is not None else ""
    return _fill(
        "predict_captions",
        decode=_fill("decode") if artifact["joining"]["latin_1"] else "",
        seeds=_fill("seeds", real=real) if _is_random(artifact) else "",
        arrays="arrays" if _is_random(artifact) else "next(read(path))",
    )
