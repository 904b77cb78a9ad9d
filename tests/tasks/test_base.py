"""The contract of a task, tested on a minimal task class."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.errors import RunError, UsageError
from lrcn_seq.records import Clips
from lrcn_seq.registry import decoders, encoders
from lrcn_seq.tasks import Classes, Member, Task
from tests.tasks.inputs import settings


class Rating(Task):
    """A task that implements only the abstract methods."""

    outputs_type = Classes
    default_monitor = "error"

    def example(self):
        return self.example_clips()

    def call(self, batch, training=False):
        return self.decoder(self.encoder(batch, training=training), training=training)[0]

    def feed(self, reader, samples):
        raise NotImplementedError

    def evaluate_samples(self, reader, samples, *, training=()):
        raise NotImplementedError

    def report_sections(self, evaluation):
        return []

    def predict(self, media, **options):
        return []


def rating(*overrides: str, outputs=None) -> Rating:
    """Return a `Rating` task with the encoder and decoder of the smoke config of activity."""
    config = settings("activity", *overrides)
    keras.utils.set_random_seed(0)
    task = Rating(
        encoders.build(config.encoder, name="encoder"),
        decoders.build(config.decoder, name="decoder", classes=2),
        config,
        outputs,
    )
    task(task.example())
    return task


@pytest.fixture(scope="module")
def task():
    """Return a built `Rating` task without class names."""
    return rating()


def test_a_contract_is_abstract():
    """A task class without the required methods cannot be instantiated."""
    with pytest.raises(TypeError, match="abstract"):
        Task(None, None, settings("activity"))


def test_a_minimal_task_has_defaults(task):
    """A minimal task has one test view, no config problems, no options and no JSON header."""
    assert task.test_views == 1
    assert Rating.problems(task.settings) == task.network_problems() == []
    assert task.json_header() == {}
    assert task.json_object([{"file": "a"}]) == {"results": [{"file": "a"}]}
    assert not task.evaluation_options
    assert not task.compares_with_training
    task.begin_epoch(3)


def test_the_monitor_is_that_of_the_config(task):
    """The monitor is `training.monitor` of the config, or else the default of the task class."""
    assert task.monitor == "error"
    assert rating("training.monitor=top_5").monitor == "top_5"


def test_output_names_are_those_of_the_outputs(task):
    """`output_names` lists the class names; a task without classes raises a RunError."""
    assert list(rating(outputs=Classes(["low", "high"])).output_names) == ["low", "high"]
    with pytest.raises(
        RunError, match=r"Expected a task with its labels\. .*; train it, or load a run"
    ):
        _ = task.output_names


def test_ensembles_are_refused_by_default(task):
    """A task without ensemble support raises an error with its name and the number of runs."""
    members = [Member(task, None), Member(task, None)]
    with pytest.raises(
        UsageError, match=r"one run of the task activity, .* Received: 2 runs with 3 samples"
    ):
        Rating.evaluate_ensemble(members, [None] * 3)


def test_retrieval_is_refused_by_default(task):
    """A task that does not support retrieval raises an error with its name."""
    with pytest.raises(UsageError, match=r"supports retrieval\. Received: the task activity"):
        task.retrieval_scores(None, [])


def test_the_example_is_one_black_frame(task):
    """The example clip of a task is one black frame of the encoder's input size."""
    frames, index = task.example_clips()
    assert frames.shape == (1, 32, 32, 3)
    assert frames.dtype == np.uint8
    assert not frames.any()
    assert index.tolist() == [[0]]


def test_the_example_of_vectors_is_one_zero_vector():
    """If the encoder takes vectors, the example clip is one zero vector of the encoder's width."""
    clips = rating("encoder={type: vectors, width: 7}").example_clips()
    assert clips.frames.shape == (1, 7)
    assert not clips.frames.any()


def test_the_example_has_features_if_their_shape_is_known(monkeypatch):
    """A decoder is built on zero features, without a run of the encoder, if R and D are known."""
    task = rating("encoder={type: applications, network: MobileNetV2, alpha: 0.35, size: 64}")
    monkeypatch.setattr(task.encoder, "encode_frames", None)
    task.build()
    assert task.example_clips().frames.shape == (1, 1, 1280)
    assert task.decoder.built


def test_inputs_are_read_as_the_encoder_expects(task):
    """The media reader takes the kind of media, image size and vector width from the encoder."""
    assert (task.media.kind, task.media.preprocessing.height) == ("clips", 32)
    vectors = rating("encoder={type: vectors, width: 7}").media
    assert (vectors.kind, vectors.vector_width) == ("vectors", 7)


def test_a_cached_model_is_made_once_per_key(task):
    """A cached model is reused for the same key and replaced for a different key."""
    first = task.cached_model("double", keras.Sequential, key=1)
    assert task.cached_model("double", lambda: pytest.fail("made again"), key=1) is first
    second = task.cached_model("double", keras.Sequential, key=2)
    assert second is not first
    assert task.cached_model("double", lambda: pytest.fail("made again"), key=2) is second


def test_the_models_of_the_last_four_keys_are_kept(task):
    """Of the models of one name, the four that were used last are kept."""
    kept = {key: task.cached_model("kept", keras.Sequential, key={"k": key}) for key in range(4)}
    assert task.cached_model("kept", None, key={"k": 0}) is kept[0]
    task.cached_model("kept", keras.Sequential, key={"k": 4})
    for key in (2, 3, 0):
        assert task.cached_model("kept", None, key={"k": key}) is kept[key]
    assert task.cached_model("kept", keras.Sequential, key={"k": 1}) is not kept[1]


def test_a_task_reads_its_inputs_in_predict_by_default(task):
    """`read_ahead` returns the path itself unless a task reads it."""
    assert task.read_ahead("a.mp4", best=1) == "a.mp4"


def test_examples_have_the_shape_of_inputs(task):
    """The examples of a task for clips are two clips of different lengths."""
    assert [example.shape for example in task.example_media()] == [
        (64, 32, 32, 3),
        (7, 32, 32, 3),
    ]
    assert rating("encoder={type: vectors, width: 7}").example_media()[0].shape == (64, 7)


def test_cached_models_add_no_weights(task):
    """Keras does not track cached models, so the task's weights stay the same."""
    count = len(task.weights)
    other = keras.layers.Dense(3)
    other.build((None, 4))
    task.cached_model("other", lambda: keras.Sequential([other]))
    assert task.frame_encoder.encoder is task.encoder
    assert len(task.weights) == count


def test_the_frame_encoder_is_made_once(task):
    """Repeated access to `frame_encoder` returns the same compiled model."""
    assert task.frame_encoder is task.frame_encoder


def test_a_task_computes_the_outputs_of_its_decoder(task):
    """Calling a task applies the encoder and then the decoder."""
    frames = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3)).astype("uint8")
    clips = Clips(frames, np.arange(3, dtype="int32")[None])
    expected, _ = task.decoder(task.encoder(clips))
    np.testing.assert_allclose(
        ops.convert_to_numpy(task(clips)), ops.convert_to_numpy(expected), atol=1e-6
    )


def test_a_task_does_not_explain_by_default(task):
    """A task that does not implement `explain` refuses it with the name of the task."""
    with pytest.raises(UsageError, match=r"explains its predictions. Received: the task activity"):
        task.explain([])
