"""Building, saving and loading a task; taking over parts of another run."""

import json
import shutil

import numpy as np
import pytest
from lrcn_seq.tasks._writing import Ranker

import lrcn_seq
from lrcn_seq import config
from lrcn_seq.errors import ArgumentError, ConfigError, DataError, RunError
from lrcn_seq.records import Batch, Clips
from lrcn_seq.tasks.base import (
    WEIGHTS,
    derived_of,
    fit_tokenizer,
    labels_of,
    load_weights,
    set_precision,
)
from lrcn_seq.training import train


@pytest.fixture
def copied(smoke_run, tmp_path):
    """A copy of the trained run that a test may damage."""
    return shutil.copytree(smoke_run, tmp_path / "copy")


def equal(part, other) -> bool:
    """Whether two layers have the same weights."""
    return all(
        np.array_equal(a, b) for a, b in zip(part.get_weights(), other.get_weights(), strict=True)
    )


def test_build_without_words_reads_the_source(smoke_config):
    """The vocabulary is that of the training sentences: four special words and those of the grammar."""
    found = lrcn_seq.build(smoke_config)
    from lrcn_seq.registry import sources

    sentences = [
        caption
        for sample in sources.build(config.read(smoke_config).data.source)
        if sample.split == "train"
        for caption in sample.captions
    ]
    words = {word for sentence in sentences for word in sentence.split()}
    assert found.decoder.vocabulary_size == 4 + len(words)


def test_build_takes_a_path_or_a_config(smoke_config):
    """Equal seeds give equal fresh weights, another seed others."""
    one, two = (
        lrcn_seq.build(smoke_config, words=30),
        lrcn_seq.build(config.read(str(smoke_config)), words=30),
    )
    other = lrcn_seq.build(config.read(smoke_config, ["seed=2"]), words=30)
    assert equal(one, two)
    assert not equal(one.decoder, other.decoder)


@pytest.mark.parametrize("kind", ["captioning", "activity"])
def test_a_task_keeps_its_precision_when_another_is_built(kind):
    """Its answers are the same to the bit, though the global policy has changed by the time that they are compiled."""

    def answers(task):
        clips = Clips(
            np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), "uint8"),
            np.arange(4, dtype="int32")[None],
        )
        if kind == "activity":
            return [*task.probabilities(clips), *task.advance(clips.frames, task.stream())[:2]]
        clips = clips._replace(index=clips.index.T)
        return [
            task.write(clips).log_probabilities,
            Ranker(task).predict_on_batch(
                Batch(clips, np.zeros(4, "int32"), np.full((4, 5), 7, "int32"))
            ),
        ]

    def built(precision="float32"):
        settings = config.read(f"configs/smoke/{kind}.yaml", [f"training.precision={precision}"])
        task = lrcn_seq.build(settings, **({"labels": 3} if kind == "activity" else {"words": 20}))
        if kind == "activity":
            task.labels = ("a", "b", "c")
        return task

    alone = answers(built())
    task = built()
    built("mixed_bfloat16")
    found = answers(task)
    set_precision("float32")
    for one, expected in zip(found, alone, strict=True):
        np.testing.assert_array_equal(one, expected)


@pytest.mark.parametrize("words", [-1, 0, 4, 9.5, "9"])
def test_a_vocabulary_without_words_is_refused(smoke_config, words):
    """The four special words alone write nothing; a text is no number."""
    with pytest.raises(
        ArgumentError, match=rf"the 4 special words included\. Received: words={words!r}"
    ):
        lrcn_seq.build(smoke_config, words=words)


@pytest.mark.parametrize("labels", [-1, 0, "9"])
def test_no_classes_are_refused(labels):
    """There is nothing to recognize."""
    with pytest.raises(
        ArgumentError, match=rf"labels: expected a number of classes\. Received: labels={labels!r}"
    ):
        lrcn_seq.build("configs/smoke/activity.yaml", labels=labels)


def test_build_without_its_data_says_so(tmp_path, smoke_config):
    """Without `words` the source must be there."""
    with pytest.raises(DataError, match=r"absent\.csv: expected a table"):
        lrcn_seq.build(
            config.read(
                smoke_config, [f"data.source={{type: caption_table, table: {tmp_path}/absent.csv}}"]
            )
        )


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        (
            "search.minimum_length=14",
            r"search: expected a limit of at least minimum_length \+ 1 words\. Received: limit=15, minimum_length=15",
        ),
        (
            "search={type: sampling, temperature: 1.0, inverse_temperature: 2.0}",
            "search: expected temperature or inverse_temperature",
        ),
        (
            "training.monitor=bleu4",
            r"training\.monitor: expected one of the scores .* Received: 'bleu4'\. Did you mean 'bleu_4'",
        ),
        ("training.monitor=accuracy", r"training\.monitor: expected one of the scores"),
        (
            "encoder={type: applications, network: MobileNetV2, size: 32, output: blok_1_expand}",
            "encoder: MobileNetV2 has no layer 'blok_1_expand'. Did you mean 'block_1_expand'",
        ),
    ],
)
def test_what_only_the_whole_shows_is_found_when_building(smoke_config, override, sentence):
    """Parts that are right by themselves and wrong together are problems of the config."""
    override = override.replace("minimum_length=14", "minimum_length=15")
    with pytest.raises(ConfigError, match=sentence):
        lrcn_seq.build(config.read(smoke_config, [override]), words=30)


def test_a_loaded_task_is_the_trained_one(smoke_run, smoke_config):
    """Its weights are those of the file, its captions of the test pictures those that the training process wrote down."""
    task = lrcn_seq.load(smoke_run)
    from lrcn_seq.registry import sources

    rows = [json.loads(line) for line in (smoke_run / "predictions.jsonl").read_text().splitlines()]
    samples = {sample.id: sample for sample in sources.build(config.read(smoke_config).data.source)}
    found = task.predict([samples[row["id"]].media.draw()[0] for row in rows])
    assert len(rows) == 8
    assert [prediction.captions[0].text for prediction in found] == [row["caption"] for row in rows]
    np.testing.assert_allclose(
        [prediction.captions[0].log_probability for prediction in found],
        [row["log_probability"] for row in rows],
        rtol=1e-4,
    )


def test_loading_needs_neither_data_nor_network(smoke_run, monkeypatch):
    """A run folder is all that captioning needs."""
    monkeypatch.setattr(
        "lrcn_seq.registry.sources.build", lambda *a, **k: pytest.fail("the source was opened")
    )
    monkeypatch.setattr(
        "keras.utils.get_file", lambda *a, **k: pytest.fail("something was downloaded")
    )
    assert lrcn_seq.load(str(smoke_run)).tokenizer.vocabulary_size > 10


@pytest.mark.parametrize(
    ("name", "content", "error", "sentence"),
    [
        ("config.yaml", None, RunError, "expected a run folder with config.yaml; train one with"),
        ("config.yaml", b"seed: [", ConfigError, "expected YAML"),
        ("model.weights.h5", None, RunError, "no weights are kept here yet"),
        (
            "model.weights.h5",
            b"no weights",
            RunError,
            r"model\.weights\.h5: expected weights of this config",
        ),
        (
            "derived.json",
            None,
            RunError,
            r"derived\.json: expected what the data decided.* No such file",
        ),
        ("derived.json", b"[]", RunError, r"derived\.json: expected what the data decided"),
        (
            "derived.json",
            b"{}",
            RunError,
            r"derived\.json: expected what the data decided, as JSON\. Received: neither words nor labels; this run is damaged",
        ),
        (
            "derived.json",
            b'{"words": "many"}',
            RunError,
            r"derived\.json: expected what the data decided",
        ),
        ("derived.json", b'{"words": Infinity}', RunError, "expected what the data decided"),
        ("derived.json", b"[" * 9999, RunError, "expected what the data decided"),
        ("derived.json", b'{"words": 99}', RunError, "expected the 99 words of derived.json"),
        (
            "tokenizer.json",
            None,
            DataError,
            "expected the tokenizer of a run; there is no such file",
        ),
        ("tokenizer.json", b"{}", DataError, "expected a tokenizer file"),
    ],
)
def test_a_damaged_run_is_named(copied, name, content, error, sentence):
    """Each file that is missing or broken gives its sentence."""
    (copied / name).unlink()
    if content is not None:
        (copied / name).write_bytes(content)
    with pytest.raises(error, match=sentence):
        lrcn_seq.load(copied)


def test_weights_cut_short_are_refused(copied):
    """Half a file of weights is no weights."""
    whole = (copied / WEIGHTS).read_bytes()
    (copied / WEIGHTS).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(
        RunError,
        match=r"expected weights of this config's encoder and decoder\. Received: (?!.* → )",
    ):
        lrcn_seq.load(copied)


def test_derived_values(copied):
    """Words or labels, nothing else."""
    (copied / "derived.json").write_text('{"words": 12, "note": "x"}')
    assert derived_of(copied) == {"words": 12}


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_exactly_the_named_parts_are_taken_over(smoke_run, smoke_config, part):
    """The other keeps every bit."""
    donor, task = (
        lrcn_seq.load(smoke_run),
        lrcn_seq.build(config.read(smoke_config, ["seed=9"]), words=derived_of(smoke_run)["words"]),
    )
    other = {"encoder": "decoder", "decoder": "encoder"}[part]
    before = getattr(task, other).get_weights()
    assert not equal(getattr(task, part), getattr(donor, part))
    load_weights(task, smoke_run, [part])
    assert equal(getattr(task, part), getattr(donor, part))
    assert all(
        np.array_equal(a, b)
        for a, b in zip(getattr(task, other).get_weights(), before, strict=True)
    )


def test_an_encoder_is_taken_over_from_a_run_of_other_words(smoke_run, smoke_config):
    """What the decoder looks like does not matter then."""
    task = lrcn_seq.build(config.read(smoke_config, ["decoder.units=8"]), words=99)
    load_weights(task, smoke_run, ["encoder"])
    assert equal(task.encoder, lrcn_seq.load(smoke_run).encoder)


def test_parts_that_do_not_fit_are_refused(smoke_run, smoke_config):
    """Other sizes, other words: a sentence each."""
    with pytest.raises(RunError, match="expected weights of this config's decoder"):
        load_weights(lrcn_seq.build(smoke_config, words=99), smoke_run, ["decoder"])
    with pytest.raises(
        RunError,
        match=r"expected weights of this config's encoder\. Received: encoder\.filters: 8 → 4; ",
    ):
        load_weights(
            lrcn_seq.build(config.read(smoke_config, ["encoder.filters=4"]), words=30),
            smoke_run,
            ["encoder"],
        )
    task = lrcn_seq.load(smoke_run)
    task.tokenizer = type(task.tokenizer)(minimum_count=1).fit(["some other words"])
    with pytest.raises(
        RunError, match=r"expected a decoder over the same words.*init\.parts: \[encoder\]"
    ):
        load_weights(task, smoke_run)


def kernel(encoder) -> np.ndarray:
    """The first kernel of the CNN."""
    return encoder.network.layers[0].get_weights()[0]


def test_a_run_of_two_stages_begins_from_the_encoder_of_another(smoke_run, smoke_config, tmp_path):
    """Frozen first, jointly then: the encoder of `init` is as it was after the first stage, and has moved after the second."""
    overrides = [
        f"init={{run: {smoke_run}, parts: [encoder]}}",
        "seed=5",
        "training.epochs=1",
        "stages=[{training.learning_rate_multipliers: {encoder: 0.0}}, {training.learning_rate_multipliers: {encoder: 0.5}, training.scheduled_sampling.probability: 0.5}]",
        f"data.store.folder={tmp_path}",
    ]
    donor = lrcn_seq.load(smoke_run)
    after_first = []

    def pause(moment: str) -> None:
        if moment == "best" and not after_first:
            after_first.append(shutil.copy(tmp_path / "run" / f"new.{WEIGHTS}", tmp_path / WEIGHTS))

    run = train(config.read(smoke_config, overrides), tmp_path / "run", pause=pause)
    task = lrcn_seq.load(tmp_path / "run")
    shutil.copy(tmp_path / "run" / "tokenizer.json", tmp_path)
    load_weights(task, tmp_path)
    assert [row["stage"] for row in run.history()] == [0, 1]
    assert task.settings.training.learning_rate_multipliers == {"encoder": 0.5}
    assert np.array_equal(kernel(task.encoder), kernel(donor.encoder))
    assert not equal(task.decoder, donor.decoder)
    state, _ = run.read_state()
    (moved,) = [
        array
        for name, array in state.items()
        if name.startswith("model/") and array.shape == kernel(donor.encoder).shape
    ]
    assert not np.array_equal(moved, kernel(donor.encoder))
    np.testing.assert_allclose(moved, kernel(donor.encoder), atol=0.2)


def test_the_tokenizer_learns_from_training_sentences_alone():
    """Words of dev and test stay unknown."""
    from lrcn_seq.records import Sample

    samples = [
        Sample("1", "a", "1", "train", ("red red",)),
        Sample("2", "b", "2", "dev", ("blue",)),
        Sample("3", "c", "3", "test", ("green",)),
    ]
    tree = {
        "task": {"type": "captioning"},
        "data": {"source": {"type": "shapes"}},
        "encoder": {"type": "tiny_cnn"},
        "decoder": {"type": "lrcn"},
        "tokenizer": {"type": "word", "minimum_count": 1},
    }
    assert fit_tokenizer(config.validate(tree), samples).vocabulary()[4:] == ["red"]


def test_labels_are_sorted_and_without_gaps():
    """Samples without a label count for nothing."""
    from lrcn_seq.records import Sample

    assert labels_of(
        [
            Sample("1", "a", "1", "train", label="run"),
            Sample("2", "b", "2", "dev"),
            Sample("3", "c", "3", "test", label="jump"),
        ]
    ) == ["jump", "run"]
