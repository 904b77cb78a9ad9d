"""Sentences with the answers of the COCO evaluation code, made by `make_samples.py`."""

import json
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def samples() -> dict:
    """`tokens`, `hypotheses`, `references` and `scores`."""
    return json.loads((Path(__file__).parent / "samples.json").read_text(encoding="utf-8"))
