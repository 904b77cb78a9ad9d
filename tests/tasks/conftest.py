"""Fixtures for the tests of tasks: trained tasks, images and clips."""

import numpy as np
import pytest

import lrcn_seq
from lrcn_seq.data.sources.moving_shapes import Film
from lrcn_seq.data.sources.shapes import Drawing


@pytest.fixture(scope="session")
def captioner(smoke_run):
    """Return a trained captioning task, which tests must not change."""
    return lrcn_seq.load(smoke_run)


@pytest.fixture(scope="session")
def classifier(activity_run):
    """Return a trained activity recognition task, which tests must not change."""
    return lrcn_seq.load(activity_run)


@pytest.fixture(scope="session")
def describer(description_run):
    """Return a trained video description task, which tests must not change."""
    return lrcn_seq.load(description_run)


@pytest.fixture(scope="session")
def images() -> list[np.ndarray]:
    """Return six images (32, 32, 3) uint8."""
    return [Drawing(3, "test", number, 32).draw()[0] for number in range(6)]


@pytest.fixture(scope="session")
def films() -> list[np.ndarray]:
    """Return three clips (T, 32, 32, 3) uint8 of different lengths, shortest first."""
    by_length = {}
    for number in range(30):
        clip = Film(0, "test", number, 32, 3).draw()
        by_length[len(clip)] = clip
    return [by_length[length] for length in sorted(by_length)[:3]]
