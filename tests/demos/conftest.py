"""Fixtures for demos that train within seconds."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lrcn_seq import config as configs
from lrcn_seq.demos import DEMOS, Demo
from lrcn_seq.demos.runner import run_demo
from lrcn_seq.runs.folder import Run

SMALL = {
    "captioning": (
        "data.source.train=24",
        "data.source.dev=4",
        "data.source.test=8",
        "data.source.pixels=24",
        "encoder.size=24",
        "encoder.filters=4",
        "decoder.units=8",
        "decoder.embedding=8",
        "decoder.attention=8",
        "training.epochs=2",
        "training.batch_size=8",
    ),
    "activity": (
        "data.source.train=24",
        "data.source.dev=4",
        "data.source.test=8",
        "data.source.pixels=16",
        "encoder.size=16",
        "encoder.filters=2",
        "encoder.blocks=1",
        "decoder.units=4",
        "training.epochs=1",
    ),
}
SMALL["description"] = SMALL["activity"]


@pytest.fixture(scope="session")
def make_small_demo() -> Callable[..., Demo]:
    """Return a function `(task, folder, *overrides)` that creates a small demo in a folder."""

    def make(task: str, folder: Path, *overrides: str) -> Demo:
        config = configs.read(DEMOS[task].config, [*SMALL[task], *overrides])
        path = folder / f"{task}.yaml"
        path.write_text(configs.dump(config), encoding="utf-8")
        return DEMOS[task]._replace(config=path, folder=folder / "run")

    return make


@pytest.fixture(scope="session")
def finished_demo(make_small_demo, tmp_path_factory) -> Demo:
    """Return a finished captioning demo; tests must not change its folder."""
    demo = make_small_demo("captioning", tmp_path_factory.mktemp("finished"))
    run_demo(demo)
    return demo


@pytest.fixture(scope="session")
def finished_run(finished_demo) -> Run:
    """Return the run of the finished demo."""
    return Run(finished_demo.folder)
