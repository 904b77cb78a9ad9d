"""Loading of a task, or of the weights of its parts, from a run folder."""

import json
import shutil

import h5py
import keras
import numpy as np
import pytest
import yaml

import lrcn_seq
from lrcn_seq import config
from lrcn_seq.data.sources.shapes import Shapes
from lrcn_seq.errors import ConfigError, DataError, RunError
from lrcn_seq.runs import load_weights
from lrcn_seq.runs.folder import WEIGHTS
from lrcn_seq.runs.loading import read_config
from lrcn_seq.tasks import Vocabulary, build_task
from lrcn_seq.training import train, trainer


@pytest.fixture
def damaged(smoke_run, tmp_path):
    """Return a copy of a trained run that a test may damage."""
    return shutil.copytree(smoke_run, tmp_path / "copy")


def fresh(smoke_config, *overrides: str, like=None):
    """Return an untrained task, with the vocabulary or classes of the task `like` if given."""
    recipe = config.read(smoke_config, [*overrides])
    return lrcn_seq.build(recipe, words=30) if like is None else build_task(recipe, like.outputs)


def equal(one, other) -> bool:
    """Return whether two lists of arrays or two layers have equal values."""
    one, other = (x if isinstance(x, list) else x.get_weights() for x in (one, other))
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_loaded_task_writes_the_captions_of_its_training(smoke_run, smoke_config):
    """A loaded run generates the captions that training wrote to `predictions.jsonl`."""
    lines = (smoke_run / "predictions.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    source = config.read(smoke_config).data.source
    samples = Shapes(**{name: value for name, value in source.items() if name != "type"})
    drawings = {sample.id: sample.media for sample in samples}
    found = lrcn_seq.load(smoke_run).predict([drawings[row["id"]].draw()[0] for row in rows])
    captions = [prediction.captions[0] for prediction in found]
    assert len(rows) == 8
    assert [caption.text for caption in captions] == [row["caption"] for row in rows]
    np.testing.assert_allclose(
        [caption.log_probability for caption in captions],
        [row["log_probability"] for row in rows],
        rtol=1e-4,
    )


def test_a_classifier_is_loaded_with_its_classes(activity_run):
    """A loaded classifier has the classes of `labels.json` in the same order."""
    labels = json.loads((activity_run / "labels.json").read_text())
    assert list(lrcn_seq.load(activity_run).labels) == labels


def test_loading_needs_neither_source_nor_network(smoke_run, monkeypatch):
    """Loading a run opens no source and downloads no file."""

    def fail(*arguments, **options):
        pytest.fail("the source was opened, or a file was downloaded")

    monkeypatch.setattr("lrcn_seq.registry.sources.build", fail)
    monkeypatch.setattr("keras.utils.get_file", fail)
    assert lrcn_seq.load(str(smoke_run)).tokenizer.vocabulary_size > 10


DERIVED = r"derived\.json: expected the number of words as JSON\. Received: "


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("config.yaml", None, RunError, r"expected a run folder with config\.yaml.* `lrcn train"),
        ("config.yaml", b"seed: [", ConfigError, "expected YAML"),
        (WEIGHTS, None, RunError, "Received: a run without weights; continue training"),
        (WEIGHTS, b"no weights", RunError, r"weights\.h5: expected weights of this config"),
        ("derived.json", None, RunError, DERIVED + "No such file"),
        ("derived.json", b"[]", RunError, DERIVED),
        ("derived.json", b"{}", RunError, DERIVED + "the key 'words' is missing; the run is dam"),
        ("derived.json", b'{"words": "many"}', RunError, DERIVED),
        ("derived.json", b'{"words": Infinity}', RunError, DERIVED),
        ("derived.json", b"[" * 9999, RunError, DERIVED),
        ("derived.json", b'{"words": 99}', RunError, r"expected the 99 words of derived\.json"),
        ("tokenizer.json", None, DataError, "expected the tokenizer of a run"),
        ("tokenizer.json", b"{}", DataError, "expected a tokenizer file"),
    ],
)
def test_a_damaged_file_is_named(damaged, name, content, error, message):
    """A missing or damaged file of a run raises an error with the name of the file."""
    (damaged / name).unlink()
    if content is not None:
        (damaged / name).write_bytes(content)
    with pytest.raises(error, match=message):
        lrcn_seq.load(damaged)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"labels\.json: expected a list of class names as JSON"),
        (b"[", r"labels\.json: expected a list of class names as JSON"),
        (b'["a"]', r"labels\.json: expected the \d labels of derived\.json\. Received: 1; "),
    ],
)
def test_damaged_classes_are_named(activity_run, tmp_path, content, message):
    """A missing, damaged or mismatched `labels.json` raises an error."""
    folder = shutil.copytree(activity_run, tmp_path / "copy")
    (folder / "labels.json").unlink()
    if content is not None:
        (folder / "labels.json").write_bytes(content)
    with pytest.raises(RunError, match=message):
        lrcn_seq.load(folder)


def test_truncated_weights_are_refused(damaged):
    """Truncated weights raise an error that lists no config differences."""
    content = (damaged / WEIGHTS).read_bytes()
    (damaged / WEIGHTS).write_bytes(content[: len(content) // 2])
    with pytest.raises(
        RunError,
        match=r"expected weights of this config's encoder and decoder\. Received: (?!.* → )",
    ):
        lrcn_seq.load(damaged)


def change_weights(folder, change):
    """Apply a function to the weights of the output layer in a weights file."""
    with h5py.File(folder / WEIGHTS, "r+") as file:
        name = "decoder/output_words/vars/0"
        values = change(file[name][()])
        del file[name]
        file[name] = values


@pytest.mark.parametrize("value", [np.nan, -np.inf, 1e30])
def test_absurd_weights_are_refused(damaged, value):
    """A single weight that is huge or not finite raises an error that names file and variable."""
    change_weights(damaged, lambda weights: np.where(weights == weights.max(), value, weights))
    message = rf"{WEIGHTS}: expected finite weights. Received: .*/output_words/kernel with values"
    with pytest.raises(RunError, match=message):
        lrcn_seq.load(damaged)


@pytest.mark.parametrize(
    "change",
    [
        lambda weights: weights[:1],
        lambda weights: weights.T,
        lambda weights: weights + 1j,
        lambda weights: np.full(weights.shape, 1e300),
        lambda weights: np.full(weights.shape, b"x"),
    ],
    ids=["shape", "transposed", "complex", "too large for float32", "text"],
)
def test_weights_of_another_shape_or_type_are_refused(damaged, change):
    """The error for weights of another shape or type names the layer."""
    change_weights(damaged, change)
    with pytest.raises(RunError, match=rf"{WEIGHTS}: expected weights of .*output_words"):
        lrcn_seq.load(damaged)


def test_damaged_weights_never_end_in_a_traceback(damaged):
    """A weights file with changed bytes is loaded, or refused with an error that names the file."""
    content = (damaged / WEIGHTS).read_bytes()
    random, task, refused = np.random.default_rng(0), lrcn_seq.load(damaged), 0
    for _ in range(40):
        mutant = bytearray(content)
        for place in random.integers(0, 20_000, 20):
            mutant[place] = random.integers(256)
        (damaged / WEIGHTS).write_bytes(mutant)
        try:
            load_weights(task, damaged)
        except RunError as error:
            assert WEIGHTS in str(error)
            refused += 1
    assert refused > 20


@pytest.mark.parametrize("key", ["training.patience", "evaluation.tokenize", "search.beams"])
def test_a_config_without_a_key_is_refused(damaged, key):
    """A run config that lacks a key is refused, since a default could change the run."""
    tree = yaml.safe_load((damaged / "config.yaml").read_text())
    section, name = key.split(".")
    del tree[section][name]
    (damaged / "config.yaml").write_text(yaml.safe_dump(tree))
    with pytest.raises(ConfigError, match=f"{key}: expected every key with which the run"):
        lrcn_seq.load(damaged)


def test_a_file_is_not_a_run(smoke_run):
    """Loading a file of a run instead of its folder raises an error that says so."""
    with pytest.raises(RunError, match=r"expected a run folder\. Received: a file; "):
        lrcn_seq.load(smoke_run / WEIGHTS)


def test_other_entries_of_derived_json_are_ignored(damaged):
    """Unknown entries of `derived.json` are ignored."""
    derived = json.loads((damaged / "derived.json").read_text())
    (damaged / "derived.json").write_text(json.dumps({**derived, "note": "x"}))
    assert len(lrcn_seq.load(damaged).tokenizer.vocabulary()) == derived["words"]


def test_the_config_of_a_run_is_that_of_its_last_stage(damaged):
    """The config of a run with stages is that of the last stage."""
    assert read_config(damaged).training.batch_size == 20
    with (damaged / "config.yaml").open("a") as file:
        file.write("stages: [{training.batch_size: 30}, {training.batch_size: 40}]\n")
    text = (damaged / "config.yaml").read_text().replace("stages: []\n", "")
    (damaged / "config.yaml").write_text(text)
    assert read_config(damaged).training.batch_size == 40


@pytest.mark.parametrize(("part", "other"), [("encoder", "decoder"), ("decoder", "encoder")])
def test_only_the_named_parts_are_copied(smoke_run, smoke_config, part, other):
    """Only the named parts of a task receive the weights of a run."""
    donor = lrcn_seq.load(smoke_run)
    task = fresh(smoke_config, "seed=9", like=donor)
    before = getattr(task, other).get_weights()
    assert not equal(getattr(task, part), getattr(donor, part))
    load_weights(task, smoke_run, [part])
    assert equal(getattr(task, part), getattr(donor, part))
    assert equal(getattr(task, other), before)


def test_an_encoder_is_copied_from_a_run_with_another_vocabulary(smoke_run, smoke_config):
    """The encoder can be copied from a run with a different vocabulary."""
    task = fresh(smoke_config, "decoder.units=8")
    load_weights(task, smoke_run, ["encoder"])
    assert equal(task.encoder, lrcn_seq.load(smoke_run).encoder)


def test_weights_of_other_sizes_are_refused(smoke_run, smoke_config):
    """Weights of other sizes are refused, and the error lists how the configs differ."""
    with pytest.raises(RunError, match="expected weights of this config's decoder"):
        load_weights(lrcn_seq.build(smoke_config, words=99), smoke_run, ["decoder"])
    with pytest.raises(
        RunError,
        match=r"expected weights of this config's encoder\. Received: encoder\.filters: 8 → 4; ",
    ):
        load_weights(fresh(smoke_config, "encoder.filters=4"), smoke_run, ["encoder"])


def test_weights_of_another_vocabulary_are_refused(smoke_run):
    """Decoder weights of a vocabulary with the same size but different words are refused."""
    task = lrcn_seq.load(smoke_run)
    other = type(task.tokenizer)(minimum_count=1).fit(["some other words"])
    task.outputs = Vocabulary(other)
    with pytest.raises(
        RunError, match=r"expected a decoder over the same words.*init\.parts: \[encoder\]"
    ):
        load_weights(task, smoke_run)


def test_loading_weights_creates_no_layer_for_every_layer(smoke_run, monkeypatch):
    """Keras computes the names of the attributes that it skips once, not for every layer."""
    task, created, init = lrcn_seq.load(smoke_run), [], keras.layers.Layer.__init__

    def recorded(layer, *args, **kwargs):
        created.append(type(layer).__name__)
        init(layer, *args, **kwargs)

    monkeypatch.setattr(keras.layers.Layer, "__init__", recorded)
    load_weights(task, smoke_run)
    assert created == ["WeightParts"]


def test_a_folder_without_weights_is_refused(smoke_config, tmp_path):
    """A folder without weights raises an error that names the weights file."""
    with pytest.raises(RunError, match=r"expected a run with model\.weights\.h5"):
        load_weights(fresh(smoke_config), tmp_path)


def kernel(encoder) -> np.ndarray:
    """Return the first convolution kernel of an encoder."""
    return encoder.network.layers[0].get_weights()[0]


def test_two_stages_begin_with_the_encoder_of_another_run(
    smoke_run, smoke_config, tmp_path, monkeypatch
):
    """An encoder from `init` is frozen in the first stage and trained in the second."""
    overrides = [
        f"init={{run: {smoke_run}, parts: [encoder]}}",
        "seed=5",
        "training.epochs=1",
        "stages=[{training.learning_rate_multipliers: {encoder: 0.0}}, "
        "{training.learning_rate_multipliers: {encoder: 0.5}, "
        "training.scheduled_sampling.probability: 0.5}]",
        f"data.store.folder={tmp_path}",
        "training.keep_state=true",
    ]
    save_weights, kernels = trainer.save_weights, []

    def record(task, path):
        kernels.append(kernel(task.encoder))
        save_weights(task, path)

    monkeypatch.setattr(trainer, "save_weights", record)
    run = train(config.read(smoke_config, overrides), tmp_path / "run")
    donor, task = lrcn_seq.load(smoke_run), lrcn_seq.load(tmp_path / "run")
    assert [row["stage"] for row in run.history()] == [0, 1]
    assert task.settings.training.learning_rate_multipliers == {"encoder": 0.5}
    np.testing.assert_array_equal(kernels[0], kernel(donor.encoder))
    assert not equal(task.decoder, donor.decoder)
    (moved,) = [
        array
        for name, array in run.states.read().arrays.items()
        if name.startswith("model/") and array.shape == kernels[0].shape
    ]
    assert not np.array_equal(moved, kernels[0])
    np.testing.assert_allclose(moved, kernels[0], atol=0.2)
