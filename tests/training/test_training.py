"""Runs from config to report, stopped in this process and gone on with."""

import json
from itertools import accumulate
from pathlib import Path

import keras
import numpy as np
import pytest
from lrcn_seq.training.extraction import extract
from lrcn_seq.training.feeds import LabelFeed
from lrcn_seq.training.fit import Trainer
from lrcn_seq.training.preparation import Answers, Corpus, Media, corpus_of, fingerprint
from lrcn_seq.training.state import Progress, assign
from PIL import Image

import lrcn_seq
from lrcn_seq import config
from lrcn_seq.data.media import ContentIndex
from lrcn_seq.data.sources.shapes import Shapes
from lrcn_seq.encoders.tiny_cnn import TinyCnn
from lrcn_seq.errors import ConfigError, DataError, MediaError, RunError
from lrcn_seq.records import Moment, Sample
from lrcn_seq.registry import encoders, sources
from lrcn_seq.runs.folder import Run
from lrcn_seq.tasks.base import WEIGHTS
from lrcn_seq.text.word import Word
from lrcn_seq.training import train

SPEC = {
    "task": {"type": "captioning"},
    "data": {
        "source": {"type": "shapes", "train": 12, "dev": 4, "test": 4, "pixels": 32},
        "words_limit": 14,
    },
    "tokenizer": {"type": "word", "minimum_count": 1},
    "encoder": {"type": "frozen"},
    "decoder": {"type": "lrcn", "layers": 1, "units": 8, "embedding": 8},
    "search": {"type": "greedy"},
    "training": {
        "batch_size": 24,
        "epochs": 2,
        "monitor": "bleu_1",
        "precision": "float32",
        "optimizer": {"learning_rate": 0.01},
    },
    "evaluation": {"metrics": ["bleu"]},
}

TINY = {"encoder.type": "tiny_cnn", "encoder.size": 32, "encoder.filters": 4, "encoder.blocks": 2}
"""Places of another encoder, which trains along."""


class Stop(BaseException):
    """What no part of the program catches, as a signal would be."""


def spec(folder: Path, **changes) -> config.Config:
    """SPEC with its features under folder and values at dotted places changed."""
    tree = json.loads(json.dumps(SPEC))
    for place, value in {"data.store.folder": str(folder / "features"), **changes}.items():
        config.overrides.set_value(tree, place, value)
    return config.validate(tree)


def stopped(settings: config.Config, folder: Path, epochs: int) -> None:
    """Trains so many epochs, without the dev score of the last, and stops."""
    left = epochs

    def pause(phase):
        nonlocal left
        left -= phase == "trained"
        if not left:
            raise Stop

    with pytest.raises(Stop):
        train(settings, folder, pause=pause)


def task_of(folder: Path, **changes):
    """A fresh task that says two words of a vector."""
    return Answers(Word(minimum_count=1).fit(["a dog"])).task(
        spec(folder, **{"encoder.type": "vectors", "encoder.width": 3}, **changes), pretrained=False
    )


def trainer_of(
    task,
    folder: Path,
    *,
    batches=lambda task: [task.example()] * 3,
    score=lambda task: {},
    pause=lambda phase: None,
) -> Trainer:
    """Trains a task on three batches an epoch."""

    class Feed:
        def plan(self, epoch):
            return range(3)

        def batches(self, plan, epoch):
            return batches(task)

    trainer = Trainer(task, Feed(), Run(folder / "run"), score=score, pause=pause)
    trainer.compile()
    return trainer


class Frozen(TinyCnn):
    """A small CNN that training leaves as it is."""

    def __init__(self, **kwargs):
        super().__init__(size=32, filters=4, blocks=2, output="pooled", **kwargs)
        self.trainable = False


@pytest.fixture(scope="module", autouse=True)
def frozen():
    """Configs may name it while these tests run."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(encoders._parts, "frozen", Frozen)
        yield


@pytest.fixture(scope="module")
def donor(tmp_path_factory):
    """A run whose encoder others take over."""
    folder = tmp_path_factory.mktemp("donor")
    train(spec(folder, seed=7, **{"training.epochs": 1}), folder / "run")
    return {"run": str(folder / "run"), "parts": ["encoder"]}


@pytest.fixture(scope="module")
def whole(donor, tmp_path_factory):
    """The history of a run that was never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    train(spec(folder, init=donor), folder / "run")
    return (folder / "run" / "history.jsonl").read_text()


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_resumed_run_sees_the_features_of_its_own_encoder(tmp_path, donor, whole, epochs):
    """Weights of a frozen encoder that come from elsewhere are there when a resumed run asks for features, before and after the first best weights."""
    settings = spec(tmp_path, init=donor)
    stopped(settings, tmp_path / "run", epochs)
    train(settings, tmp_path / "run", resume=True)
    assert len([path for path in (tmp_path / "features").iterdir() if path.is_dir()]) == 1
    assert (tmp_path / "run" / "history.jsonl").read_text() == whole


def test_a_row_of_history_survives_a_stop_before_it_was_written(tmp_path):
    """The state knows the epochs; a run that goes on writes down those that it had not."""
    settings = spec(tmp_path, **TINY)
    train(settings, tmp_path / "run")
    whole = (tmp_path / "run" / "history.jsonl").read_text()
    (tmp_path / "run" / "history.jsonl").write_text(whole.splitlines(keepends=True)[0])
    train(settings, tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "history.jsonl").read_text() == whole


def test_another_set_up_is_told(tmp_path, capsys):
    """Where a run goes on under other versions than it began under; not where nobody wrote down which those were."""
    settings, machine = (
        spec(tmp_path, **TINY, **{"training.epochs": 1}),
        tmp_path / "run" / "machine.json",
    )
    train(settings, tmp_path / "run")
    machine.write_text(json.dumps({**json.loads(machine.read_text()), "keras": "2.0"}))
    train(settings, tmp_path / "run", resume=True)
    assert (
        "goes on under another set-up, so the result may differ in the last bits: keras: 2.0 → "
        in capsys.readouterr().err
    )
    machine.unlink()
    train(settings, tmp_path / "run", resume=True)
    assert "set-up" not in capsys.readouterr().err


def test_a_run_tells_what_its_source_left_out_and_how_its_sentences_are(
    tmp_path, capsys, monkeypatch
):
    """On stderr and in the report; and in every row of the history whether the sentences collapsed."""

    class Noted(Shapes):
        notes = ("2 listed pictures are not there.",)

    monkeypatch.setitem(sources._parts, "noted", Noted)
    train(
        spec(tmp_path, **TINY, **{"data.source": {**SPEC["data"]["source"], "type": "noted"}}),
        tmp_path / "run",
    )
    assert capsys.readouterr().err.startswith("2 listed pictures are not there.\n")
    assert "2 listed pictures are not there." in (tmp_path / "run" / "report.html").read_text()
    for row in Run(tmp_path / "run").history():
        assert row.keys() >= {
            "distinct_captions",
            "repetition",
            "unknown",
            "mean_length",
            "min_length",
            "max_length",
        }


def test_a_run_in_16_bits_goes_on(tmp_path):
    """To the same bits: the scaled loss of mixed_float16 has variables of its own, which are restored with the others."""
    settings = spec(tmp_path, **TINY, **{"training.precision": "mixed_float16"})
    train(settings, tmp_path / "whole")
    stopped(settings, tmp_path / "run", 1)
    train(settings, tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "history.jsonl").read_text() == (
        tmp_path / "whole" / "history.jsonl"
    ).read_text()
    arrays, whole = Run(tmp_path / "run").read_state()[0], Run(tmp_path / "whole").read_state()[0]
    assert arrays.keys() == whole.keys()
    assert all(np.array_equal(arrays[name], whole[name]) for name in whole)


def test_features_are_extracted_with_the_encoder_that_training_takes_over(tmp_path, donor):
    """`lrcn extract` fills the store that a run with `init` reads."""
    settings = spec(tmp_path, init=donor)
    store, count = extract(settings)
    assert count == 20
    train(settings, tmp_path / "run")
    assert [path.name for path in (tmp_path / "features").iterdir() if path.is_dir()] == [
        Path(store.folder).name
    ]


def test_a_run_does_not_go_on_with_other_data(tmp_path):
    """A picture fewer is another plan: the bits could not be the same."""
    stopped(spec(tmp_path, **TINY), tmp_path / "run", 2)
    derived = json.loads((tmp_path / "run" / "derived.json").read_text())
    (tmp_path / "run" / "derived.json").write_text(json.dumps({**derived, "samples": "0"}))
    with pytest.raises(
        RunError,
        match=r"expected the samples that the run began with. Received: 12 train and 4 dev samples",
    ):
        train(spec(tmp_path, **TINY), tmp_path / "run", resume=True)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *(
            ("id", "other"),
            ("captions", ("a word",)),
            ("label", "b"),
            ("moments", (Moment(0.0, 1.0, "a"),)),
            ("split", "dev"),
        ),
        *(("media", np.full((2, 2, 3), value, "uint8")) for value in (0, 1)),
    ],
)
def test_the_fingerprint_of_data_is_what_training_sees(place, value):
    """Any part of a sample counts, and what is in its file, but not where that lies."""
    pixels = np.zeros((2, 2, 3), "uint8")
    first, second = (
        Sample("1", pixels, "1", "train", ("a dog",), "a"),
        Sample("2", pixels + 1, "2", "train", ("a cat",), "a"),
    )

    def found(*samples):
        return fingerprint(
            Corpus(
                {
                    split: [sample for sample in samples if sample.split == split]
                    for split in ("train", "dev", "test")
                },
                (),
                ContentIndex(),
            )
        )

    assert (found(first, second) == found(first, second._replace(**{place: value}))) == (
        place == "media" and bool(value.all())
    )


def test_what_training_could_lose_evaluating_can(tmp_path):
    """The share of lost files is that of the whole source, also where one split is looked at."""
    pictures = [*sources.build({"type": "shapes", "train": 8, "dev": 1, "test": 1, "pixels": 32})]
    for number, sample in enumerate(pictures):
        Image.fromarray(sample.media.draw()[0]).save(tmp_path / f"{number}.png")
    (tmp_path / "8.png").write_bytes(b"broken")
    (tmp_path / "t.csv").write_text(
        "image,caption,split\n"
        + "".join(
            f"{number}.png,a dog,{'train' if number < 8 else 'test'}\n" for number in range(10)
        )
    )
    settings = spec(
        tmp_path,
        **{
            "data.source": {"type": "caption_table", "table": str(tmp_path / "t.csv")},
            "data.on_error": "skip",
            "data.lost_share_limit": 0.1,
        },
    )
    assert [
        len(corpus_of(settings, splits=splits).samples)
        for splits in (("train", "dev", "test"), ("test",))
    ] == [9, 1]


def test_a_run_that_diverged_ends_with_its_best_weights(tmp_path, monkeypatch, capsys):
    """Weights that are no numbers end the training, not the run: the epochs before are kept and scored."""
    settings = spec(tmp_path, **TINY, **{"training.epochs": 4})
    spoil_from(monkeypatch, 1)
    train(settings, tmp_path / "run")
    assert len((tmp_path / "run" / "history.jsonl").read_text().splitlines()) == 1
    assert "training diverged in epoch 2" in capsys.readouterr().err
    assert (tmp_path / "run" / "scores.json").exists()
    train(settings, tmp_path / "run", resume=True)


def test_a_run_that_diverged_at_once_says_so(tmp_path, monkeypatch):
    """There is nothing to keep, and what to change is named."""
    spoil_from(monkeypatch, 0)
    with pytest.raises(
        RunError, match=r"training diverged in epoch 1, .*training.optimizer.learning_rate"
    ):
        train(spec(tmp_path, **TINY), tmp_path / "run")


def spoil_from(monkeypatch, epoch: int) -> None:
    """Makes the weights no numbers at the end of an epoch."""
    whole = Progress.on_epoch_end

    def spoiled(self, number, logs=None):
        if number >= epoch:
            weight = self.model.trainable_variables[0]
            weight.assign(np.full(weight.shape, np.nan))
        whole(self, number, logs)

    monkeypatch.setattr(Progress, "on_epoch_end", spoiled)


def test_a_file_that_breaks_during_training_is_named(tmp_path):
    """On every backend the error of the data reaches the caller, not that of the loop around it."""
    broken = MediaError("3.png", "it went away")

    def batches(task):
        yield task.example()
        yield task.example()
        raise broken

    trainer = trainer_of(task_of(tmp_path), tmp_path, batches=batches)
    with pytest.raises(MediaError) as caught:
        trainer.fit()
    assert caught.value is broken


def test_own_words_are_fed_the_more_the_later_the_epoch(tmp_path):
    """None before `from_epoch`, then more by `probability` / `over_epochs` each epoch, up to `probability`."""
    task = task_of(
        tmp_path,
        **{"training.scheduled_sampling": {"probability": 0.4, "from_epoch": 2, "over_epochs": 4}},
    )
    progress, found = trainer_of(task, tmp_path).progress, []
    for epoch in range(8):
        progress.on_epoch_begin(epoch)
        found.append(float(task.own_words))
    assert found == pytest.approx([0, 0, 0.1, 0.2, 0.3, 0.4, 0.4, 0.4])


def test_averaged_weights_are_scored_and_kept_beside_those_that_train(tmp_path):
    """Dev is scored with w̄ ← m w̄ + (1 − m) w, taken after every update, and the best weights are w̄; the state in progress has w."""

    def weights(task):
        return np.concatenate(
            [keras.ops.convert_to_numpy(variable).ravel() for variable in task.trainable_variables]
        )

    def score(task):
        scored.append(weights(task))
        return {"bleu_1": len(scored)}

    def pause(phase):
        if phase == "step":
            stepped.append(weights(trainer.progress.model))

    scored, stepped = [], []
    changes = {"training.optimizer.ema_momentum": 0.6}
    trainer = trainer_of(task_of(tmp_path, **changes), tmp_path, score=score, pause=pause)
    trainer.fit()
    averages = list(accumulate(stepped, lambda average, weight: 0.6 * average + 0.4 * weight))
    np.testing.assert_allclose(scored, [averages[2], averages[5]], atol=1e-6)
    found = task_of(tmp_path, **changes)
    found.load_weights(trainer.run / WEIGHTS)
    np.testing.assert_array_equal(weights(found), scored[-1])
    assign(found.variables, trainer.run.read_state()[0], "model")
    np.testing.assert_array_equal(weights(found), stepped[-1])
    assert np.abs(stepped[-1] - scored[-1]).max() > 1e-3


@pytest.mark.parametrize(("patience", "epochs"), [(2, 5), (0, 6)])
def test_training_ends_when_the_dev_score_does_not_rise(tmp_path, patience, epochs):
    """For `patience` epochs in a row, where an equal score is no rise; with 0 it never ends early."""
    scores = [2, 1, 3, 3, 1, 4]
    following = iter(scores)
    trainer = trainer_of(
        task_of(tmp_path, **{"training.epochs": 6, "training.patience": patience}),
        tmp_path,
        score=lambda task: {"bleu_1": next(following)},
    )
    trainer.fit()
    assert [row["bleu_1"] for row in trainer.history] == scores[:epochs]


def test_balanced_classes_weigh_alike():
    """A clip weighs N / (C · clips of its class), over the C classes that training has: 6 / (2 · 4) and 6 / (2 · 2)."""
    samples = [
        Sample(str(number), np.zeros((2, 3), "float32"), str(number), "train", label=label)
        for number, label in enumerate("cacacc")
    ]
    settings = config.read(
        "configs/smoke/activity.yaml",
        [
            "encoder={type: vectors, width: 3}",
            "training.loss.class_weight=balanced",
            "training.batch_size=4",
            "data.store.use=false",
        ],
    )
    task = Answers(labels=("a", "b", "c")).task(settings, pretrained=False)
    feed = LabelFeed(task, Media(settings, task), samples)
    found = [
        pair
        for batch in feed.batches(feed.plan(0), 0)
        for pair in zip(batch.labels[:, 0].tolist(), batch.weights.tolist(), strict=True)
    ]
    assert sorted(found) == [(0, 1.5)] * 2 + [(2, 0.75)] * 4


def test_a_stage_whose_weights_do_not_fit_is_found_before_training(tmp_path):
    """Not after the first stage was trained, which could then not be gone on with."""
    with pytest.raises(
        ConfigError, match=r"stages.1.decoder: the weights of the stage before do not fit"
    ):
        train(spec(tmp_path, **TINY, stages=[{}, {"decoder.units": 6}]), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_stages_judged_by_different_scores_are_not_compared(tmp_path):
    """The second stage begins anew, though its score could never be as high as that of the first."""
    stages = [
        {"training.epochs": 1},
        {"training.epochs": 1, "training.monitor": "bleu_4", "search.type": "greedy"},
    ]
    train(spec(tmp_path, **TINY, stages=stages), tmp_path / "run")
    assert [
        json.loads(row)["best"]
        for row in (tmp_path / "run" / "history.jsonl").read_text().splitlines()
    ] == [True, True]


def test_pictures_may_be_vectors(tmp_path):
    """Captioning over stored vectors trains, reports and predicts; vectors of another width are named before."""
    for number in range(6):
        np.save(
            tmp_path / f"{number}.npy",
            np.random.default_rng(number).normal(size=(1, 5)).astype("float32"),
        )
    rows = [
        f"{number}.npy,a {word} thing,{split}"
        for number, (word, split) in enumerate(
            [
                ("red", "train"),
                ("blue", "train"),
                ("red", "train"),
                ("blue", "train"),
                ("red", "dev"),
                ("blue", "test"),
            ]
        )
    ]
    (tmp_path / "table.csv").write_text("image,caption,split\n" + "\n".join(rows))
    source = {"type": "caption_table", "table": str(tmp_path / "table.csv")}
    train(
        spec(tmp_path, **{"encoder.type": "vectors", "encoder.width": 5, "data.source": source}),
        tmp_path / "run",
    )
    assert (tmp_path / "run" / "report.html").exists()
    assert lrcn_seq.load(tmp_path / "run").predict([tmp_path / "0.npy"])[0].error is None
    with pytest.raises(
        DataError,
        match=r"expected vectors of width 7. Received: vectors of width 5; set encoder.width",
    ):
        train(
            spec(
                tmp_path, **{"encoder.type": "vectors", "encoder.width": 7, "data.source": source}
            ),
            tmp_path / "other",
        )
