"""Tasks as Keras models: compile, fit, evaluate, save, load and export."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

import lrcn_seq
from lrcn_seq.errors import ArgumentError, DataError, MediaError
from lrcn_seq.tasks._keras_model import default_optimizer
from tests.tasks.inputs import fresh_captioner, fresh_classifier, settings

CAPTIONS = ["a red dog", "a blue cat", "a dog"]
on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="a data set of TensorFlow"
)


def eager(task, **options):
    """Compile a task to run eagerly, and return it."""
    task.compile(run_eagerly=True, jit_compile=False, **options)
    return task


def weights_of(task):
    """Return copies of the weights of a task."""
    return [np.array(weight) for weight in task.get_weights()]


class Record(keras.callbacks.Callback):
    """A callback that records the logs of each epoch."""

    def __init__(self):
        super().__init__()
        self.logs = []

    def on_epoch_end(self, epoch, logs=None):
        self.logs.append((epoch, dict(logs)))


def test_captions_are_fitted_with_a_callback_an_optimizer_and_a_metric(images):
    """`fit` of images and captions calls callbacks with the loss and metrics of both splits."""
    task, record = fresh_captioner(), Record()
    optimizer = keras.optimizers.SGD(0.5)
    eager(task, optimizer=optimizer, metrics=["accuracy"])
    before = weights_of(task)
    history = task.fit(
        images[:3],
        CAPTIONS,
        batch_size=2,
        epochs=2,
        validation_data=(np.stack(images[:2]), CAPTIONS[:2]),
        callbacks=[record],
        verbose=0,
    )
    assert task.optimizer is optimizer
    assert [epoch for epoch, _ in record.logs] == [0, 1]
    assert set(record.logs[0][1]) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert history.history["loss"][1] < history.history["loss"][0]
    assert any((new != old).any() for new, old in zip(weights_of(task), before, strict=True))


def test_evaluate_returns_the_mean_loss_of_words(images):
    """`evaluate` returns the cross-entropy and the accuracy over all words, without padding."""
    task = eager(fresh_captioner(), metrics=["accuracy"])
    result = task.evaluate(images[:2], CAPTIONS[:2], verbose=0, return_dict=True)
    batch = task.record(
        [
            lrcn_seq.records.Sample(str(n), image, str(n), "train", (caption,))
            for n, (image, caption) in enumerate(zip(images, CAPTIONS[:2], strict=False))
        ]
    )
    logits = np.asarray(keras.ops.convert_to_numpy(task(batch)), np.float64)
    targets = batch.words[:, 1:]
    scores = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    losses = -np.take_along_axis(scores, targets[..., None], -1)[..., 0]
    assert result["loss"] == pytest.approx(losses[targets != 0].mean(), rel=1e-4)
    correct = (logits.argmax(-1) == targets)[targets != 0].mean()
    assert result["accuracy"] == pytest.approx(correct, abs=1e-6)


def test_classes_are_fitted_by_name_or_by_index(films):
    """`fit` accepts class names, indices and one-hot rows, which mean the same."""
    losses = []
    for targets in (["a", "b", "c"], np.array([0, 1, 2]), np.eye(3)):
        task = eager(fresh_classifier(), optimizer="sgd")
        losses.append(task.fit(films, targets, verbose=0).history["loss"][0])
    assert losses[0] == losses[1] == losses[2]


def test_class_weights_scale_the_loss(films):
    """A class weight scales the loss of the clips of the class."""
    losses = []
    for options in ({}, {"class_weight": {"b": 2.0}}, {"class_weight": {1: 2.0}}):
        task = eager(fresh_classifier())
        losses.append(task.fit(films[:1], ["b"], verbose=0, **options).history["loss"][0])
    assert losses[1] == losses[2] == pytest.approx(2 * losses[0], rel=1e-5)
    with pytest.raises(ArgumentError, match="class_weight: expected a task with classes"):
        fresh_captioner().fit(films[0][:1], ["a"], class_weight={0: 1.0})


def test_an_uncompiled_task_has_the_optimizer_of_its_config(images):
    """`fit` without `compile` uses the optimizer, learning rate and clipping of the config."""
    optimizer = default_optimizer(settings("captioning", "training.optimizer.learning_rate=0.25"))
    assert isinstance(optimizer, keras.optimizers.Adam)
    assert float(optimizer.learning_rate) == 0.25
    assert optimizer.global_clipnorm == 5.0
    rmsprop = settings("captioning", "training.optimizer={type: rmsprop, momentum: 0.5}")
    assert default_optimizer(rmsprop).momentum == 0.5
    nesterov = settings("captioning", "training.optimizer={type: sgd, nesterov: true}")
    assert default_optimizer(nesterov).nesterov
    adam = settings("captioning", "training.optimizer={beta_2: 0.9, ema_momentum: 0.7}")
    assert (default_optimizer(adam).beta_2, default_optimizer(adam).ema_momentum) == (0.9, 0.7)


def test_a_loss_is_refused():
    """`compile` refuses a loss, because a task computes its own."""
    with pytest.raises(ArgumentError, match="loss: expected 'auto'"):
        fresh_captioner().compile(loss="mse")


def test_a_share_of_the_inputs_is_held_out(images):
    """`validation_split` holds out the last inputs."""
    task = eager(fresh_captioner())
    history = task.fit(images[:4], [*CAPTIONS, "a"], validation_split=0.25, verbose=0)
    expected = task.evaluate(images[3:4], ["a"], verbose=0)
    assert history.history["val_loss"][0] == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ArgumentError, match="validation_split: expected a share"):
        task.fit(images[:1], ["a"], validation_split=0.5, verbose=0)


def test_a_generator_of_batches_is_fitted(images):
    """`fit` accepts a generator of images with captions and weights."""
    task = eager(fresh_captioner())
    batches = [(images[:2], CAPTIONS[:2], [0.0, 2.0])] * 2
    weighted = task.evaluate(images[:2], CAPTIONS[:2], sample_weight=[0.0, 2.0], verbose=0)
    assert task.evaluate(iter(batches), verbose=0) == pytest.approx(weighted, rel=1e-5)
    task.fit(iter(batches), steps_per_epoch=2, verbose=0)
    assert int(task.optimizer.iterations) == 2


def test_a_single_batch_is_fitted_and_evaluated(images):
    """`train_on_batch` makes one update, and `test_on_batch` gives the loss of `evaluate`."""
    task = eager(fresh_captioner(), optimizer="sgd")
    batch = dict(x=images[:2], y=CAPTIONS[:2], sample_weight=[1.0, 3.0])
    before = task.evaluate(**batch, verbose=0)
    assert float(task.test_on_batch(**batch)) == pytest.approx(before, rel=1e-5)
    assert set(task.train_on_batch(**batch, return_dict=True)) == {"loss"}
    assert int(task.optimizer.iterations) == 1
    assert float(task.test_on_batch(**batch)) < before


def test_a_single_batch_is_predicted(images):
    """`predict_on_batch` gives the predictions of `predict`."""
    task = eager(fresh_captioner("search={type: greedy}"))
    assert task.predict_on_batch(images[:2]) == task.predict(images[:2])


def test_class_weights_scale_the_loss_of_a_single_batch(films):
    """A class weight scales the loss that `train_on_batch` returns."""
    plain, weighted = (
        float(eager(fresh_classifier()).train_on_batch(films[:1], ["b"], class_weight=weight))
        for weight in (None, {"b": 2.0})
    )
    assert weighted == pytest.approx(2 * plain, rel=1e-5)


@on_tensorflow
def test_a_tf_data_set_is_fitted(images):
    """`fit` accepts a batched `tf.data.Dataset` of floating-point images and captions."""
    import tensorflow as tf

    pixels = np.stack(images[:3]).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((pixels, CAPTIONS))
    task = eager(fresh_captioner(), optimizer=keras.optimizers.SGD(0.1))
    history = task.fit(data.batch(2), epochs=2, validation_data=data.batch(3), verbose=0)
    assert len(history.history["val_loss"]) == 2
    expected = task.evaluate(images[:3], CAPTIONS, verbose=0)
    assert history.history["val_loss"][1] == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ArgumentError, match="batch the data set"):
        task.fit(data, verbose=0)


def test_the_data_set_of_a_source_is_fitted_and_scored(images):
    """`fit`, `evaluate`, `predict` and `score` accept the data set of a source."""
    task = eager(fresh_captioner())
    source = {"type": "shapes", "train": 6, "dev": 2, "test": 0, "pixels": 32}
    data = lrcn_seq.dataset(source, task)
    dev = lrcn_seq.dataset(source, task, split="dev")
    history = task.fit(data, epochs=2, validation_data=dev, verbose=0)
    assert len(history.history["val_loss"]) == 2
    assert data.epoch == 1
    assert task.evaluate(dev, verbose=0) == pytest.approx(history.history["val_loss"][1], rel=1e-4)
    assert len(task.predict(dev, search={"type": "greedy"})) == 2
    assert "cider" in task.score(dev).values


def test_the_epoch_is_passed_to_scheduled_sampling(images):
    """`fit` sets the probability of scheduled sampling at the beginning of each epoch."""
    scheduled = "training.scheduled_sampling={probability: 0.5, over_epochs: 2}"
    task = eager(fresh_captioner(scheduled))
    task.fit(images[:1], ["a"], initial_epoch=0, epochs=1, verbose=0)
    assert float(task.own_words) == 0.25
    task.fit(images[:1], ["a"], initial_epoch=1, epochs=2, verbose=0)
    assert float(task.own_words) == 0.5


def test_the_error_of_a_file_is_raised(tmp_path):
    """A file that cannot be read ends `fit` with its own error."""
    task = eager(fresh_captioner())
    path = tmp_path / "absent.png"
    with pytest.raises(MediaError, match=r"absent\.png"):
        task.fit([path], ["a"], verbose=0)
    with pytest.raises(DataError, match="at least one sample"):
        task.fit([], [], verbose=0)


@pytest.mark.parametrize("make", [fresh_captioner, fresh_classifier], ids=["captions", "classes"])
def test_a_saved_model_gives_the_same_predictions(make, images, films, tmp_path):
    """A task that `keras.saving.load_model` reads has the same outputs, config and predictions."""
    task = make()
    task.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    assert type(loaded) is type(task)
    assert list(loaded.output_names) == list(task.output_names)
    for key in ("config", "outputs", "dtype"):
        assert loaded.get_config()[key] == task.get_config()[key]
    inputs = films[:2] if make is fresh_classifier else images[:2]
    assert loaded.predict(inputs) == task.predict(inputs)


def test_a_compiled_model_continues_training(images, tmp_path):
    """A loaded task has the saved optimizer and metrics, and trains as the original does."""
    task = eager(fresh_captioner(), optimizer="adam", metrics=["accuracy"])
    task.fit(images[:2], CAPTIONS[:2], verbose=0)
    task.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    assert int(loaded.optimizer.iterations) == 1
    loaded.run_eagerly = True
    loss, other = (
        model.fit(images[:2], CAPTIONS[:2], verbose=0).history for model in (task, loaded)
    )
    assert loss == other


def test_a_task_of_a_size_only_is_saved(tmp_path):
    """A task without a vocabulary is saved and loaded too."""
    task = lrcn_seq.build(settings("captioning"), words=9)
    task.save(tmp_path / "m.keras")
    assert keras.saving.load_model(tmp_path / "m.keras").outputs is None


def test_export_on_jax_leaves_out_gradients(tmp_path, monkeypatch):
    """On JAX, a SavedModel has no gradients, since the loop of a search has none."""
    calls = []
    task = fresh_captioner()
    serving = SimpleNamespace(
        export=lambda path, **options: calls.append(options), input_signature=list
    )
    monkeypatch.setattr(type(task), "serving_model", lambda task: serving)
    for backend in ("jax", "tensorflow"):
        monkeypatch.setattr(keras.backend, "backend", lambda name=backend: name)
        task.export(tmp_path / "model")
    assert calls[0]["jax2tf_kwargs"] == {"with_gradient": False}
    assert "jax2tf_kwargs" not in calls[1]


@on_tensorflow
def test_an_exported_model_gives_the_same_captions(images, tmp_path):
    """The function that `export` writes gives the same captions as `predict`."""
    import tensorflow as tf

    task = fresh_captioner("search={type: greedy}")
    task.export(tmp_path / "model", verbose=False)
    exported = tf.saved_model.load(tmp_path / "model")
    found = exported.serve(np.stack(images[:3]))
    texts = [task.tokenizer.decode(words) for words in found["words"].numpy()[:, 0].tolist()]
    limit = task.settings.data.words_limit
    predicted = [prediction.captions[0].text for prediction in task.predict(images[:3])]
    assert [" ".join(text.split()[:limit]) for text in texts] == predicted
