"""Accuracy of the recipes for few clips against a ridge probe, on the same features and folds.

    python tools/benchmarks/few_clips.py CLIPS --preset FOLDER [--store FOLDER] [--foldings 5]
        [--first-seed 0] [section.key=value ...]

CLIPS has a folder of clips per class and the table index.csv with their groups. The recipes are
configs/activity/few_clips_rgb.yaml and few_clips_flow.yaml, and both together, as the mean of their
probabilities. Each is trained on four of five folds of groups and tested on the fifth. A folding is
one partition into folds; its seed is `data.source.seed`. Missing features are extracted first.

The rival is a nested ridge regression on the mean over the regions of a frame. It chooses its
statistic (mean, deviation, both, or mean absolute difference of consecutive frames) and its penalty
by cross-validation over the four training folds; both together is the sum of its scores.

The decoder is trained here in one `fit` on features in memory, with the optimizer, schedule and
loss of the config: the training of `lrcn train` without evaluation and saving after each epoch.

The benchmark prints, for RGB, flow and both, the accuracy of recipe and probe as mean ± deviation
over foldings, and the difference with the 95 % bootstrap interval over groups of the mean over
foldings.
"""

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from lrcn_seq import config, metrics
from lrcn_seq.data.sources import Source
from lrcn_seq.records import Encoded
from lrcn_seq.registry import decoders, sources
from lrcn_seq.runs.corpus import read_corpus
from lrcn_seq.tasks import SampleReader, build_network
from lrcn_seq.training.optimizer import build_optimizer

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "activity"
STREAMS = ("rgb", "flow")
FOLDS = 5
PENALTIES = 10.0 ** np.arange(-3, 2.1, 0.5)
"""Penalties of the probe, for centered features with a mean squared length of 1."""


class Clips(NamedTuple):
    """Stored features (M, S, R, D) of all clips with their mask (M, S), sorted by ID."""

    features: np.ndarray
    mask: np.ndarray


class Stream:
    """The recipe of one stream with its features.

    Args:
        settings: the config of the recipe.
    """

    def __init__(self, settings: config.Config):
        task = build_network(settings, pretrained=True)
        reader = SampleReader(task)
        assert reader.store is not None
        samples = sorted(read_corpus(settings).samples, key=lambda sample: sample.id)
        keys = reader.extract(reader.store, samples)
        rows = [np.asarray(reader.store.features(key), "float32") for key in keys]
        lengths = np.array([len(row) for row in rows])
        mask = np.arange(lengths.max()) < lengths[:, None]
        features = np.zeros((*mask.shape, *rows[0].shape[1:]), "float32")
        features[mask] = np.concatenate(rows)
        self.settings, self.clips = settings, Clips(features, mask)
        self.statistics = probe_statistics(rows)
        self.model: keras.Model | None = None

    def predict(self, train: np.ndarray, test: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """Train on some clips with the class indices `truth` (M,); return P(class 1) of others."""
        self._reset(len(train))
        assert self.model is not None
        training = self.settings.training
        share = np.bincount(truth[train], minlength=2) / len(train)
        self.model.fit(
            [*(part[train] for part in self.clips)],
            np.eye(2)[truth[train]],
            sample_weight=0.5 / share[truth[train]],
            batch_size=training.batch_size,
            epochs=training.epochs,
            verbose=0,
        )
        logits = self.model.predict_on_batch([part[test] for part in self.clips])
        return np.asarray(ops.softmax(logits))[:, 1]

    def _reset(self, count: int) -> None:
        """Build and compile the model once, and restore its initial state."""
        keras.utils.set_random_seed(self.settings.seed)
        if self.model is None:
            self.model = self._compiled(count)
            self.model.optimizer.build(self.model.trainable_variables)
            self.variables = [*self.model.variables, *self.model.optimizer.variables]
            self.initial = [ops.convert_to_numpy(variable) for variable in self.variables]
        for variable, value in zip(self.variables, self.initial, strict=True):
            variable.assign(value)

    def _compiled(self, count: int) -> keras.Model:
        decoder = decoders.build(self.settings.decoder, place="decoder", classes=2)
        shape = self.clips.features.shape[1:]
        inputs = [keras.Input(shape), keras.Input(shape[:1], dtype="bool")]
        model = keras.Model(inputs, decoder(Encoded(*inputs))[0][:, 0])
        training = self.settings.training
        updates = -(-count // int(training.batch_size)) * int(training.epochs)
        model.compile(
            build_optimizer(training.optimizer, training.schedule, multipliers={}, updates=updates),
            keras.losses.CategoricalCrossentropy(
                from_logits=True, label_smoothing=training.loss.label_smoothing
            ),
        )
        return model


def read_recipe(name: str, preset: str, options: list[str]) -> config.Config:
    """Return the recipe of a stream with the encoder of a KerasHub preset."""
    path = CONFIGS / f"few_clips_{name}.yaml"
    output = config.read(path).encoder["output"]
    encoder = f"encoder={{type: keras_hub, preset: {json.dumps(preset)}, output: {output}}}"
    return config.read(path, [encoder, *options])


def probe_statistics(rows: list[np.ndarray]) -> list[np.ndarray]:
    """Return the candidate inputs (M, D) of the probe for features (S, R, D) of each clip."""
    frames = [row.mean(axis=1) for row in rows]
    mean, deviation = (
        np.stack([reduce(f, axis=0) for f in frames]) for reduce in (np.mean, np.std)
    )
    difference = np.stack([np.abs(np.diff(f, axis=0)).mean(axis=0) for f in frames])
    return [mean, deviation, np.concatenate([mean, deviation], axis=1), difference]


def ridge(x: np.ndarray, y: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """Return the scores (P, N) of N tested clips for each penalty, after training on x (M, D)."""
    mean = x.mean(axis=0)
    length = np.sqrt(((x - mean) ** 2).sum(axis=1).mean())
    x, tested = ((part - mean).astype("float64") / length for part in (x, tested))
    values, vectors = np.linalg.eigh(x @ x.T)
    target, projected = vectors.T @ (y - y.mean()), tested @ x.T @ vectors
    scores = [projected @ (target / (np.maximum(values, 0) + penalty)) for penalty in PENALTIES]
    return np.stack(scores) + y.mean()


def probe(candidates: list[np.ndarray], y: np.ndarray, folds: np.ndarray, fold: int) -> np.ndarray:
    """Return the probe's scores of the clips in `fold`, with all choices made in other folds."""
    train = folds != fold
    choices = []
    for x in candidates:
        scores = np.zeros((len(PENALTIES), len(y)))
        for inner in set(folds[train]):
            held = folds == inner
            scores[:, held] = ridge(x[train & ~held], y[train & ~held], x[held])
        errors = ((scores[:, train] - y[train]) ** 2).mean(axis=1)
        choices.append((errors.min(), int(errors.argmin()), x))
    _, penalty, x = min(choices, key=lambda choice: choice[0])
    return np.asarray(ridge(x[train], y[train], x[~train])[penalty])


def fold_numbers(source: dict[str, Any], seed: int) -> np.ndarray:
    """Return the fold (M,) of each clip, sorted by ID."""
    folds: dict[str, int] = {}
    for fold in range(FOLDS):
        spec = {**source, "folds": FOLDS, "fold": fold, "seed": seed}
        found: Source = sources.build(spec, place="data.source")
        folds |= {sample.id: fold for sample in found if sample.split == "test"}
    return np.array([folds[name] for name in sorted(folds)])


def run_folding(streams: dict[str, Stream], truth: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return whether each clip is correct, (2, 3, M): recipe and probe; RGB, flow and both."""
    scores = np.zeros((2, len(STREAMS) + 1, len(truth)))
    for fold in range(FOLDS):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        for number, stream in enumerate(streams.values()):
            scores[0, number, test] = stream.predict(train, test, truth) - 0.5
            scores[1, number, test] = probe(stream.statistics, truth * 2.0 - 1, folds, fold)
    scores[:, -1] = scores[:, :-1].sum(axis=1)
    return np.asarray((scores > 0) == (truth == 1))


def report(correct: np.ndarray, groups: list[str]) -> None:
    """Print the accuracies and differences over the foldings of correct (F, 2, 3, M)."""
    for number, name in enumerate((*STREAMS, "both")):
        recipe, rival = correct[:, 0, number], correct[:, 1, number]
        difference = recipe.mean(axis=0) - rival.mean(axis=0)
        print(
            f"{name}: recipe {spread(recipe)}, {interval(recipe.mean(axis=0), groups)}; "
            f"probe {spread(rival)}, {interval(rival.mean(axis=0), groups)}; "
            f"difference {difference.mean():+.3f}, {interval(difference, groups)}",
            flush=True,
        )


def spread(correct: np.ndarray) -> str:
    """Return mean and deviation of the accuracies of the foldings of correct (F, M)."""
    accuracies = correct.mean(axis=1)
    return f"{accuracies.mean():.3f} ± {accuracies.std():.3f}"


def interval(values: np.ndarray, groups: list[str]) -> str:
    """Return the 95 % interval over groups of the mean of values (M,)."""
    found = metrics.group_interval(values.tolist(), groups, samples=10_000)
    return f"95 % interval from {found.low:.3f} to {found.high:.3f}"


def main() -> None:
    """Extract missing features, run all foldings, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", type=Path)
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--preset", required=True)
    parser.add_argument("--store", default=".cache/features")
    parser.add_argument("--foldings", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    arguments = parser.parse_intermixed_args()
    options = [
        f"data.source.folder={arguments.clips.resolve()}",
        "data.source.groups=index.csv",
        f"data.store.folder={arguments.store}",
        *arguments.overrides,
    ]
    settings = [read_recipe(name, arguments.preset, options) for name in STREAMS]
    streams = dict(zip(STREAMS, map(Stream, settings), strict=True))
    source = settings[0].data.source
    samples = sorted(read_corpus(settings[0]).samples, key=lambda sample: sample.id)
    truth = np.unique([sample.label for sample in samples], return_inverse=True)[1]
    groups = [sample.group for sample in samples]
    correct = []
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.foldings):
        correct.append(run_folding(streams, truth, fold_numbers(source, seed)))
        rows = zip((*STREAMS, "both"), correct[-1].mean(axis=2).T, strict=True)
        accuracies = (f"{name} {own:.3f} against {rival:.3f}" for name, (own, rival) in rows)
        print(f"folding {seed}: {', '.join(accuracies)}", flush=True)
    report(np.stack(correct), groups)


if __name__ == "__main__":
    main()
