"""The ridge probe of the benchmark of recipes for few clips."""

import runpy
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "benchmarks" / "few_clips.py"
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def script() -> dict:
    """Return the names of the script."""
    return runpy.run_path(str(SCRIPT))


def test_ridge_solves_the_normal_equations(script):
    """The scores are those of ridge regression on centered features with mean squared length 1."""
    x, tested, y = RNG.normal(size=(9, 4)), RNG.normal(size=(3, 4)), RNG.normal(size=9)
    centered = x - x.mean(0)
    length = np.sqrt((centered**2).sum(1).mean())
    a, b = centered / length, (tested - x.mean(0)) / length
    found = script["ridge"](x, y, tested)
    for penalty, scores in zip(script["PENALTIES"], found, strict=True):
        weights = np.linalg.solve(a.T @ a + penalty * np.eye(4), a.T @ (y - y.mean()))
        assert np.allclose(scores, b @ weights + y.mean())


def test_the_probe_chooses_its_statistic_in_the_other_folds(script):
    """The probe uses the informative statistic, and no label of the tested fold."""
    folds = np.arange(40) % 5
    y = RNG.choice([-1.0, 1.0], 40)
    noise, signal = RNG.normal(size=(40, 3)), y[:, None] + 0.1 * RNG.normal(size=(40, 3))
    scores = script["probe"]([noise, signal], y, folds, 2)
    assert np.array_equal(scores > 0, y[folds == 2] > 0)
    hidden = np.where(folds == 2, -y, y)
    assert np.array_equal(script["probe"]([noise, signal], hidden, folds, 2), scores)


def test_statistics_of_frame_means(script):
    """The candidates are mean, deviation, both, and mean absolute difference of frame means."""
    clips = [RNG.normal(size=(frames, 2, 3)) for frames in (4, 6)]
    mean, deviation, both, difference = script["probe_statistics"](clips)
    frames = clips[1].mean(1)
    assert np.allclose(mean[1], frames.mean(0))
    assert np.allclose(deviation[1], frames.std(0))
    assert np.array_equal(both, np.concatenate([mean, deviation], 1))
    assert np.allclose(difference[1], np.abs(frames[1:] - frames[:-1]).mean(0))


def test_spread_is_over_foldings(script):
    """The deviation is that of the accuracies of the foldings."""
    correct = np.array([[1, 1, 1, 0], [1, 0, 0, 0]], bool)
    assert script["spread"](correct) == "0.500 ± 0.250"
