"""Runs that are killed at random moments have the same results as uninterrupted ones.

Each round extracts features, trains two stages and evaluates. Its processes are killed at random
moments and started again until they finish; all results must then equal those of processes that
were not interrupted. The number of kills is set by `LRCN_TEST_KILLS`:

    LRCN_TEST_KILLS=100 python -m pytest -m slow -s tests/training/test_kills.py
"""

import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from tests.training.test_resume import assert_equal_bits, read_state, read_weights

KILLS = int(os.environ.get("LRCN_TEST_KILLS", "24"))
TRAINING = {
    "batch_size": 12,
    "keep_state": True,
    "epochs": 2,
    "monitor": "rouge_l",
    "patience": 0,
    "save_seconds": 0.001,
    "precision": "float32",
    "optimizer": {"learning_rate": 0.01, "ema_momentum": 0.9},
}
CAPTIONING = {
    "task": {"type": "captioning"},
    "data": {
        "source": {"type": "shapes", "train": 40, "dev": 6, "test": 6, "pixels": 32},
        "words_limit": 13,
        "captions_per_image": 2,
    },
    "tokenizer": {"type": "word", "minimum_count": 1},
    "encoder": {"type": "frozen"},
    "decoder": {"type": "lrcn", "units": 8, "embedding": 8, "dropout": 0.3},
    "search": {"type": "greedy"},
    "training": TRAINING,
    "evaluation": {"metrics": ["rouge_l"]},
    "stages": [{}, {"training": {**TRAINING, "optimizer": {"learning_rate": 0.001}}}],
}
ACTIVITY = {
    "task": {"type": "activity"},
    "data": {
        "source": {"type": "moving_shapes", "train": 24, "dev": 6, "test": 6, "pixels": 32},
        "sampling": {"type": "sliding", "length": 6, "stride": 2},
    },
    "encoder": {"type": "frozen"},
    "decoder": {"type": "lstm_frames", "units": 4, "dropout": 0.3},
    "training": {**TRAINING, "monitor": "top_1"},
    "stages": [{}, {"training": {**TRAINING, "monitor": "top_1", "epochs": 1}}],
}
VERBS = {"extract": 3, "train": 6, "evaluate": 3}
"""Maximum number of kills of each command in a round."""
ARGUMENTS = {
    "extract": ["config.yaml"],
    "train": ["config.yaml", "--run", "run", "--resume"],
    "evaluate": ["run"],
}
PROGRESS = {
    "extract": ["features/*/features.index"],
    "train": ["run/state/last"],
    "evaluate": ["run/predictions.jsonl", "run/scores.json", "run/report.html"],
}
"""Files whose changes show the progress of each command."""
MOST_CHANGES = {"extract": 12, "train": 8, "evaluate": 3}
"""Largest number of changes of its progress files after which a command is killed."""
UNCOMPARED = {"machine.json", "model.weights.h5", "report.html", "times.jsonl"}
"""Files of a run that contain times, and the weights file, of which the arrays are compared."""


def run_verb(folder: Path, arguments: list[str]) -> None:
    """Run an `lrcn` command in a folder.

    The encoder `frozen` is registered, and features are stored without delay.

    The features of a frame are shifted by its position in the batch, so that the test notices if a
    resumed extraction puts frames at other positions.
    """
    from lrcn_seq import cli
    from lrcn_seq.features import extraction
    from lrcn_seq.registry import encoders
    from lrcn_seq.tasks._frame_encoder import FrameEncoder
    from tests.training.conftest import Frozen

    features = FrameEncoder.features
    FrameEncoder.features = lambda self, frames: (
        features(self, frames) + np.arange(len(frames))[:, None, None] / 16
    )
    os.chdir(folder)
    file = os.open("log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    extraction.FLUSH_SECONDS = 0.0
    encoders._parts["frozen"] = Frozen
    sys.exit(cli.main(arguments))


class Round:
    """A folder with a config, a feature store and a run."""

    def __init__(self, folder: Path, config: dict):
        self.folder, self.store, self.run = folder, folder / "features", folder / "run"
        self.log = folder / "log.txt"
        folder.mkdir()
        config = {**config, "data": {**config["data"], "store": {"folder": "features"}}}
        (folder / "config.yaml").write_text(json.dumps(config))
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["lrcn_seq.training", "keras", "tensorflow", "grain"])

    def start(self, verb: str) -> multiprocessing.Process:
        """Start the process of a command."""
        arguments = (self.folder, [verb, *ARGUMENTS[verb]])
        process = self.context.Process(target=run_verb, args=arguments)
        process.start()
        return process

    def finish(self, verb: str) -> float:
        """Run a command until it finishes and return its duration in seconds."""
        began = time.monotonic()
        process = self.start(verb)
        process.join()
        assert process.exitcode == 0, self.log.read_text()[-3000:]
        return time.monotonic() - began

    def progress(self, verb: str) -> list[tuple[int, int]]:
        """Return the modification times and sizes of the progress files of a command."""
        states = []
        for pattern in PROGRESS[verb]:
            for path in self.folder.glob(pattern):
                with suppress(FileNotFoundError):
                    states.append((path.stat().st_mtime_ns, path.stat().st_size))
        return states

    def kill(self, verb: str, draw: random.Random, duration: float) -> bool:
        """Run a command and kill it at a random moment.

        The moment is a random time after the start of the process, or after a random number of
        changes of its progress files.

        Args:
            verb: name of the command.
            draw: the random number generator.
            duration: duration of the command in seconds.

        Returns:
            False if the process finished before it was killed.
        """
        process, before, changes = self.start(verb), self.progress(verb), 0
        awaited = draw.choice([0, *[draw.randint(1, MOST_CHANGES[verb])] * 4])
        while process.is_alive() and changes < awaited:
            now = self.progress(verb)
            changes, before = changes + (now != before), now
        process.join(draw.uniform(0, 0.05 if awaited else duration))
        # One in six processes receives SIGTERM, as from a job scheduler, instead of SIGKILL.
        process.terminate() if draw.random() < 1 / 6 else process.kill()
        process.join()
        assert process.exitcode in {0, 143, -signal.SIGTERM, -signal.SIGKILL}, self.log.read_text()
        return process.exitcode != 0

    def phase(self, verb: str) -> str:
        """Return the phase in which the process of a command was killed."""
        if verb != "train":
            return verb
        try:
            position = read_state(self.run)[1]["position"]
        except FileNotFoundError:
            return "before training"
        if (self.run / "scores.json").exists():
            return "test evaluation"
        return f"stage {position['stage'] + 1}, {'dev' if position['trained'] else 'training'}"


def read_files(folder: Path) -> dict[str, bytes]:
    """Return the contents of all files of a folder by relative path."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def assert_same_results(found: Round, expected: Round) -> None:
    """Fail unless both rounds have equal files and no temporary file is left."""
    stored, expected_stored = read_files(found.store), read_files(expected.store)
    for files in (stored, expected_stored):
        files.pop("contents.jsonl", None)
    assert stored == expected_stored
    (arrays, metadata), (expected_arrays, expected_metadata) = map(
        read_state, (found.run, expected.run)
    )
    assert_equal_bits(arrays, expected_arrays)
    assert metadata == expected_metadata
    assert_equal_bits(read_weights(found.run), read_weights(expected.run))
    assert len(list((found.run / "state").iterdir())) == 2
    for round_ in (found, expected):
        shutil.rmtree(round_.run / "state", ignore_errors=True)
    results, expected_results = read_files(found.run), read_files(expected.run)
    assert results.keys() == expected_results.keys()
    different = {name for name in results if results[name] != expected_results[name]}
    assert different <= UNCOMPARED
    assert not list(found.folder.rglob("*.lrcn-tmp"))


@pytest.mark.slow
@pytest.mark.timeout(60 + 60 * KILLS)
@pytest.mark.parametrize("config", [CAPTIONING, ACTIVITY], ids=["captioning", "activity"])
def test_processes_killed_at_random_moments_change_no_result(tmp_path, config):
    """Processes that are killed and restarted give the features and results of undisturbed ones."""
    draw, phases = random.Random(KILLS), Counter()
    durations, number = {}, 0
    while phases.total() < KILLS // 2:
        # In the undisturbed round, `extract` is not run, so that `train` extracts the features.
        expected = Round(tmp_path / f"expected {number}", config)
        for verb in ("train", "evaluate"):
            durations[verb] = expected.finish(verb)
        killed, number = Round(tmp_path / f"killed {number}", config), number + 1
        for verb, most in VERBS.items():
            for _ in range(min(most, KILLS // 2 - phases.total())):
                if killed.kill(verb, draw, durations.get(verb, durations["evaluate"])):
                    phases[killed.phase(verb)] += 1
            killed.finish(verb)
        assert_same_results(killed, expected)
    print(json.dumps(phases))
