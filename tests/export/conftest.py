"""Real files that the tests of exports share."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.export.real_inputs import write_video


@pytest.fixture(scope="session")
def photos(tmp_path_factory) -> list[Path]:
    """Return the paths of three images of different sizes."""
    folder, random = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    paths = []
    for number, size in enumerate([(60, 40), (33, 90), (200, 150)]):
        small = random.integers(0, 256, (4, 4, 3), np.uint8)
        paths.append(folder / f"{number}.jpg")
        Image.fromarray(small).resize(size, Image.Resampling.BICUBIC).save(paths[-1], quality=95)
    return paths


@pytest.fixture(scope="session")
def clips(tmp_path_factory) -> list[Path]:
    """Return the paths of two videos of 3 and 5 frames."""
    folder, random = tmp_path_factory.mktemp("clips"), np.random.default_rng(1)
    paths = []
    for count in (3, 5):
        paths.append(folder / f"{count}.mov")
        write_video(paths[-1], random.integers(0, 256, (count, 40, 48, 3), np.uint8))
    return paths


@pytest.fixture(scope="session")
def export(tmp_path_factory):
    """Return a function that exports a run, and returns the folder and `artifact.json`."""
    from lrcn_seq.export import export_run

    def call(run, **options) -> SimpleNamespace:
        folder = tmp_path_factory.mktemp("export") / "artifact"
        export_run(run, folder, **options)
        artifact = json.loads((folder / "artifact.json").read_text(encoding="utf-8"))
        return SimpleNamespace(folder=folder, artifact=artifact)

    return call


@pytest.fixture(scope="session")
def exported(export, smoke_run):
    """Return the SavedModel of the captioning run, which tests must not change."""
    return export(smoke_run, benchmark=True)
