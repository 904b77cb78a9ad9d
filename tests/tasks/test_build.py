"""Building tasks with fresh weights from a config."""

import keras
import numpy as np
import pytest

import lrcn_seq
from lrcn_seq import config
from lrcn_seq.encoders.tiny_cnn import TinyCnn
from lrcn_seq.errors import ArgumentError, ConfigError, DataError
from lrcn_seq.records import Batch
from lrcn_seq.registry import sources
from lrcn_seq.tasks import Classes, Vocabulary, build_network, build_task, task_type
from lrcn_seq.tasks import _build as build_module
from lrcn_seq.tasks._build import check_config, decoder_problems, has_accelerator, set_precision
from lrcn_seq.tasks._caption_ranking import CaptionScorer
from lrcn_seq.tasks.activity import Activity
from lrcn_seq.tasks.captioning import Captioning
from tests.tasks.inputs import SMOKE, image_clips, settings, single_clip


def equal_weights(one, other) -> bool:
    """Return whether two layers have the same weights."""
    return all(
        np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True)
    )


def test_a_size_that_is_not_given_is_learned_from_the_source(smoke_config):
    """Without `words`, `build` learns the words of the training captions from the source."""
    task = lrcn_seq.build(smoke_config)
    samples = sources.build(config.read(smoke_config).data.source)
    captions = [text for sample in samples if sample.split == "train" for text in sample.captions]
    words = {word for caption in captions for word in caption.split()}
    assert task.decoder.vocabulary_size == 4 + len(words)
    assert set(task.tokenizer.vocabulary()[4:]) == words


def test_classes_that_are_not_given_are_learned_from_the_source():
    """Without `labels`, a classifier learns the class names from the source."""
    task = lrcn_seq.build(SMOKE / "activity.yaml")
    samples = sources.build(settings("activity").data.source)
    assert task.labels == tuple(sorted({sample.label for sample in samples}))
    assert task.decoder.labels.units == len(task.labels)


def test_the_seed_determines_the_weights(smoke_config):
    """Configs with equal seeds give equal weights; another seed gives other weights."""
    one = lrcn_seq.build(smoke_config, words=30)
    two = lrcn_seq.build(config.read(str(smoke_config)), words=30)
    other = lrcn_seq.build(config.read(smoke_config, ["seed=2"]), words=30)
    assert equal_weights(one, two)
    assert not equal_weights(one.decoder, other.decoder)


def test_a_built_task_is_a_keras_model(smoke_config):
    """A built task is a Keras model whose weights exist before the first batch."""
    task = lrcn_seq.build(smoke_config, words=30)
    assert isinstance(task, keras.Model)
    assert task.built
    assert task.decoder.vocabulary_size == 30
    assert task.outputs is None
    assert task.name == "captioning"


def test_a_task_is_built_for_given_outputs():
    """A classifier that is built for given classes has one decoder output per class."""
    classes = Classes(["a", "b", "c"])
    task = build_task(settings("activity"), classes)
    assert task.outputs is classes
    assert task.decoder.labels.units == 3


def test_a_decoder_learns_the_words_limit_of_the_data():
    """A decoder with the derived argument `words_limit` gets `data.words_limit`."""
    decoder = "decoder={type: transformer, units: 8, heads: 2, layers: 1, intermediate_units: 8}"
    task = build_network(settings("captioning", decoder, "data.words_limit=9"))
    assert task.decoder.words_limit == 9


@pytest.mark.parametrize(("task", "size"), [("captioning", 5), ("activity", 2)])
def test_a_network_without_a_size_has_a_small_one(task, size):
    """Without a size, `build_network` assumes five words or two classes, and reads no source."""
    network = build_network(settings(task))
    assert network.outputs is None
    outputs = network(network.example())
    logits = outputs[0] if task == "activity" else outputs
    assert logits.shape[-1] == size


def predictions(task) -> list[np.ndarray]:
    """Return the outputs of all compiled models of a task for four random frames."""
    frames = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), "uint8")
    if isinstance(task, Activity):
        state = task.initial_stream_state()
        return [*task.probabilities(single_clip(frames)), *task.advance(frames, state)[:2]]
    clips = image_clips(frames)
    batch = Batch(clips, np.zeros(4, "int32"), np.full((4, 5), 7, "int32"))
    return [task.write(clips).log_probabilities, CaptionScorer(task).predict_on_batch(batch)]


def build_with_precision(task: str, precision: str):
    """Return a captioning network or an activity task with the given precision."""
    recipe = settings(task, f"training.precision={precision}", "search={type: greedy}")
    return build_network(recipe, 20) if task == "captioning" else build_task(recipe, Classes("abc"))


@pytest.mark.parametrize("task", ["captioning", "activity"])
def test_a_task_keeps_its_precision_when_another_is_built(task):
    """Building another task in mixed precision does not change the results of a float32 task."""
    expected = predictions(build_with_precision(task, "float32"))
    built = build_with_precision(task, "float32")
    build_with_precision(task, "mixed_bfloat16")
    results = predictions(built)
    set_precision("float32")
    for result, array in zip(results, expected, strict=True):
        np.testing.assert_array_equal(result, array)


@pytest.mark.parametrize(("accelerator", "policy"), [(False, "float32"), (True, "mixed_bfloat16")])
def test_automatic_precision_follows_the_hardware(monkeypatch, accelerator, policy):
    """Automatic precision is mixed bfloat16 on an accelerator and float32 elsewhere."""
    monkeypatch.setattr(build_module, "has_accelerator", lambda: accelerator)
    set_precision("auto")
    assert keras.config.dtype_policy().name == policy
    set_precision("float32")
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="Keras lists no devices for torch")
@pytest.mark.parametrize(
    ("devices", "expected"), [(["cpu:0"], False), (["cpu:0", "gpu:0"], True), (["tpu:0"], True)]
)
def test_accelerators_are_devices_other_than_the_cpu(monkeypatch, devices, expected):
    """`has_accelerator` is true if Keras lists a GPU or TPU."""
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: devices)
    assert has_accelerator() == expected


def test_pretrained_weights_are_loaded_on_request(monkeypatch, smoke_config):
    """`build` loads pretrained weights only when `pretrained` is true."""
    loaded = []

    def record(self):
        loaded.append(self)

    monkeypatch.setattr(TinyCnn, "load_pretrained", record)
    lrcn_seq.build(smoke_config, words=9)
    assert loaded == []
    task = lrcn_seq.build(smoke_config, words=9, pretrained=True)
    assert loaded == [task.encoder]


@pytest.mark.parametrize(
    ("task", "size", "message"),
    [
        ("captioning", {"words": 4}, r"words: expected a vocabulary size above 4, the number of"),
        ("captioning", {"words": 0}, r"words: expected a vocabulary size above 4, the number of"),
        ("activity", {"labels": 0}, r"labels: expected a number of classes above 0"),
    ],
)
def test_an_invalid_size_is_refused(task, size, message):
    """`build` refuses a vocabulary of special words alone and a class count of 0."""
    with pytest.raises(ArgumentError, match=message):
        lrcn_seq.build(SMOKE / f"{task}.yaml", **size)


def test_a_missing_source_is_an_error(tmp_path, smoke_config):
    """Building without `words` raises a DataError if the table of the source is missing."""
    source = f"data.source={{type: caption_table, table: {tmp_path}/absent.csv}}"
    with pytest.raises(DataError, match=r"absent\.csv: expected a table"):
        lrcn_seq.build(config.read(smoke_config, [source]))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "search.minimum_length=15",
            r"search: expected a limit of at least minimum_length \+ 1 words\. "
            r"Received: limit=15, minimum_length=15",
        ),
        (
            "search={type: sampling, temperature: 1.0, inverse_temperature: 2.0}",
            "search: expected temperature or inverse_temperature",
        ),
        (
            "training.monitor=bleu4",
            r"training\.monitor: expected one of the scores .* Received: 'bleu4'\. "
            "Did you mean 'bleu_4'",
        ),
        ("training.monitor=accuracy", r"training\.monitor: expected one of the scores"),
        (
            "encoder={type: applications, network: MobileNetV2, size: 32, output: blok_1_expand}",
            "encoder: MobileNetV2 has no layer 'blok_1_expand'. Did you mean 'block_1_expand'",
        ),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(smoke_config, override, message):
    """`build` raises a ConfigError for sections that are valid alone but not together."""
    with pytest.raises(ConfigError, match=message):
        lrcn_seq.build(config.read(smoke_config, [override]), words=30)


@pytest.mark.parametrize(
    ("task", "decoder", "fitting"),
    [
        ("captioning", "{type: frame_mean}", "encoder_decoder, lrcn, s2vt"),
        (
            "activity",
            "{type: lrcn}",
            "attention_pooling, frame_mean, frame_statistics, lstm_differences, lstm_frames, mlp, "
            "temporal_convolution",
        ),
    ],
)
def test_a_decoder_of_other_outputs_is_refused(task, decoder, fitting):
    """A decoder that does not fit the task is refused with a list of the decoders that fit."""
    (problem,) = decoder_problems(settings(task, f"decoder={decoder}"))
    assert problem.place == "decoder.type"
    assert fitting in problem.message
    with pytest.raises(ConfigError, match=r"decoder\.type: "):
        lrcn_seq.build(settings(task, f"decoder={decoder}"), words=30, labels=3)


@pytest.mark.parametrize("override", ["patience=3", "restore_best_weights=true"])
def test_trained_dev_samples_choose_no_epoch(override):
    """With `train_on_dev`, a key that chooses an epoch by its dev score is refused."""
    trained = settings("activity", "training.train_on_dev=true")
    check_config(trained)
    chosen = settings("activity", "training.train_on_dev=true", f"training.{override}")
    with pytest.raises(
        ConfigError, match=rf"training\.{override.partition('=')[0]}: dev is trained"
    ):
        check_config(chosen)


def test_the_task_type_is_that_of_the_config():
    """`task_type` returns the task class that a config names."""
    assert task_type(settings("captioning")) is Captioning
    assert task_type(settings("captioning")).outputs_type is Vocabulary
    assert task_type(settings("activity")) is Activity
