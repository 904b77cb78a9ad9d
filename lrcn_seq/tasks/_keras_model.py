"""The methods of `keras.Model` as tasks implement them: `fit`, `evaluate`, `save`, `export`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar, Self

import keras

from lrcn_seq import config as configs
from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.record_layer import saving_package
from lrcn_seq.records import Tensor
from lrcn_seq.registry import decoders, encoders

if TYPE_CHECKING:
    from lrcn_seq.tasks._batch_dataset import BatchDataset
    from lrcn_seq.tasks._fit_input import FitInput


class KerasModel(keras.Model):
    """A Keras model whose inputs are images or videos and whose targets are captions or classes."""

    settings: configs.Config
    outputs: Any
    outputs_type: ClassVar[Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        keras.saving.register_keras_serializable(saving_package(cls))(cls)

    def compile(
        self,
        optimizer: Any = "auto",
        loss: Any = "auto",
        metrics: Sequence[Any] | None = None,
        weighted_metrics: Sequence[Any] | None = None,
        **options: Any,
    ) -> None:
        """Configure the task for training, as in Keras.

        Args:
            optimizer: a Keras optimizer or its name; `auto` for the optimizer of the config,
                without its learning rate schedule and multipliers.
            loss: `auto`, since a task computes its own loss (see `training.loss` of the config).
            metrics: Keras metrics, such as `accuracy`, of words or of classes. Padding is left out.
            weighted_metrics: the same as `metrics`.
            **options: other arguments of `keras.Model.compile`.

        Raises:
            ArgumentError: a loss is given.
        """
        if loss not in ("auto", None):
            raise ArgumentError(
                "loss: expected 'auto', because a task computes its own loss. Received: "
                f"loss={loss!r}; set training.loss in the config."
            )
        super().compile(
            optimizer=default_optimizer(self.settings) if optimizer == "auto" else optimizer,
            weighted_metrics=[*(metrics or ()), *(weighted_metrics or ())] or None,
            **options,
        )

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile the task with a saved config of `compile`."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Tensor | None = None
    ) -> dict[str, Any]:
        """Update and return the metrics of words or classes, without padding."""
        if self._compile_metrics is not None:
            y, y_pred, sample_weight = self.metric_inputs(x, y_pred, sample_weight)
        return super().compute_metrics(x, y, y_pred, sample_weight)  # type: ignore[no-any-return]

    def metric_inputs(
        self,
        batch: Any,  # noqa: ARG002 - tasks override it
        outputs: Any,  # noqa: ARG002
        weights: Tensor | None,  # noqa: ARG002
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return targets, logits and weights of a batch for the metrics of Keras.

        Args:
            batch: a batch.
            outputs: the outputs of `call`.
            weights: weights of the captions or clips, or None.
        """
        raise ArgumentError(
            f"metrics: the task {self.name} supports no metrics of Keras. Received: metrics in "
            "compile; leave them out."
        )

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        *,
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[Any, float] | None = None,
        sample_weight: Any = None,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        **options: Any,
    ) -> Any:
        """Train the task, as in Keras.

        Other arguments, such as `epochs` and `verbose`, are those of `keras.Model.fit`.

        Args:
            x: paths, PIL images or arrays; or a data set: from `lrcn_seq.dataset`, or an iterable
                over batches `(inputs, targets)`, such as a `tf.data.Dataset`.
            y: captions, lists of captions, class names or class indices; None with a data set.
            batch_size: number of captions or labeled clips per batch, with `x` and `y`; None for
                that of the config.
            validation_data: `(x, y)` or a data set.
            shuffle: whether batches differ between epochs; the seed of the config determines them.
            class_weight: weights of the classes in the loss, by name or index.
            sample_weight: (M,) weights of the inputs in the loss.

        Raises:
            ArgumentError, DataError: the data do not fit the task.
        """
        from lrcn_seq.tasks._array_dataset import split_inputs
        from lrcn_seq.tasks._fit_input import EpochSetter, fit_input

        self._compile_once()
        if validation_split:
            (x, y, sample_weight), validation_data = split_inputs(
                self, x, y, sample_weight, validation_split
            )
        weights = dict(sample_weight=sample_weight, class_weight=class_weight)
        data = fit_input(self, x, y, steps=steps_per_epoch, batch_size=batch_size, **weights)
        held = self._validation_input(
            validation_data, validation_steps, validation_batch_size or batch_size
        )
        options["validation_data"], options["validation_steps"] = held.x, held.steps
        if data.dataset is not None:
            callbacks = _with_callback(callbacks, EpochSetter(data.dataset, shuffle=shuffle))
        return _call(
            super().fit,
            (data, held),
            x=data.x,
            steps_per_epoch=data.steps,
            callbacks=callbacks,
            shuffle=False,
            **options,
        )

    def _compile_once(self) -> None:
        """Compile the task with the optimizer of its config unless it is compiled."""
        if not self.compiled:
            self.compile()

    def _validation_input(self, data: Any, steps: int | None, batch_size: int | None) -> FitInput:
        """Return the input of Keras for the validation data; `x` is None if there are none."""
        from lrcn_seq.tasks._fit_input import FitInput, fit_input

        if data is None:
            return FitInput(None, steps)
        x, y, weights = (*data, None)[:3] if isinstance(data, (tuple, list)) else (data, None, None)
        return fit_input(self, x, y, steps=steps, batch_size=batch_size, sample_weight=weights)

    def evaluate(  # noqa: PLR0917 - signature of Keras
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **options: Any,
    ) -> Any:
        """Return the loss and the metrics of `compile`, as in Keras.

        Captions are scored by `score`.

        Args:
            x: inputs or a data set, as in `fit`.
            y: targets, as in `fit`.
            batch_size: number of captions or labeled clips per batch, with `x` and `y`.
            verbose: as in Keras.
            sample_weight: (M,) weights of the inputs in the loss.
            steps: number of batches; None for all.
            callbacks: Keras callbacks.
            return_dict: whether to return a dictionary.
            **options: other arguments of `keras.Model.evaluate`.
        """
        from lrcn_seq.tasks._fit_input import fit_input

        if options.get("_use_cached_eval_dataset"):  # validation in `fit`
            data = self._validation_input(None, steps, None)._replace(x=x)
        else:
            self._compile_once()
            data = fit_input(
                self,
                x,
                y,
                steps=steps,
                batch_size=batch_size,
                sample_weight=sample_weight,
                is_repeated=False,
            )
        return _call(
            super().evaluate,
            (data,),
            x=data.x,
            steps=data.steps,
            verbose=verbose,
            callbacks=callbacks,
            return_dict=return_dict,
            **options,
        )

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[Any, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Update the weights with one batch, and return its loss and metrics, as in Keras.

        The arguments are those of `fit`.
        """
        batch = self._convert_batch(x, y, sample_weight, class_weight)
        return super().train_on_batch(*batch, return_dict=return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Return the loss and metrics of one batch, as in Keras.

        The arguments are those of `evaluate`.
        """
        batch = self._convert_batch(x, y, sample_weight)
        return super().test_on_batch(*batch, return_dict=return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the predictions of `predict` for one batch of inputs."""
        return self.predict(x)

    def _convert_batch(self, x: Any, y: Any, *weights: Any) -> tuple[Any, ...]:
        """Compile the task if necessary, and return a batch in the form that Keras expects."""
        from lrcn_seq.tasks._array_dataset import convert_pair
        from lrcn_seq.tasks._fit_input import is_record

        self._compile_once()
        return (x, y, *weights[:1]) if is_record(x) else convert_pair(self, x, y, *weights)

    def score(self, dataset: BatchDataset) -> Any:
        """Predict the samples of a data set and return their scores, such as CIDEr or accuracy.

        Args:
            dataset: a data set of `lrcn_seq.dataset`.

        Returns:
            An evaluation, with the scores as `values`.
        """
        from lrcn_seq.tasks._sample_reader import SampleReader

        return self.evaluate_samples(SampleReader(self), dataset.samples)

    def get_config(self) -> dict[str, Any]:
        """Return everything but the weights as plain values, for `save` and `from_config`."""
        return {
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
            "config": configs.state_keys(self.settings).model_dump(mode="json"),
            "outputs": None if self.outputs is None else outputs_text(self.outputs),
            "dtype": self.dtype_policy.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:  # noqa: ARG003
        """Return a task with initial weights from the values of `get_config`."""
        settings = configs.validate(config["config"], "the config of the model")
        for registry, part in ((encoders, settings.encoder), (decoders, settings.decoder)):
            registry.get(part["type"])  # imports the class, which Keras then finds
        parts = {
            part: keras.saving.deserialize_keras_object(config[part])
            for part in ("encoder", "decoder")
        }
        text = config["outputs"]
        task = cls(
            **parts,
            config=settings,
            outputs=None if text is None else outputs_of_text(cls.outputs_type, text),
            **{name: value for name, value in settings.task.items() if name != "type"},
        )
        task.dtype_policy = config["dtype"]
        task.build()
        return task

    def export(
        self,
        filepath: Any,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **options: Any,
    ) -> None:
        """Export prediction as a function of pixels or vectors, by `keras.Model.export`.

        The exported function takes images (B, H, W, 3) or clips (B, T, H, W, 3) of uint8 at the
        input size of the encoder, or vectors (B, T, D) of float32. It returns `words` (B, K, L),
        `scores` (B, K) and `log_probabilities` (B, K), or `probabilities` (B, C).

        Args:
            filepath: the folder or file to write.
            format: a format of `keras.Model.export`.
            verbose: as in Keras.
            input_signature: as in Keras; None for any number of inputs.
            **options: other arguments of `keras.Model.export`.
        """
        export_model(
            self.serving_model(),
            filepath,
            format=format,
            verbose=verbose,
            input_signature=input_signature,
            **options,
        )


def _with_callback(callbacks: Any, added: keras.callbacks.Callback) -> Any:
    """Return callbacks of `fit` with another one in front."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks.append(added)
        return callbacks
    own = [] if callbacks is None else callbacks
    return [added, *(own if isinstance(own, (list, tuple)) else [own])]


def _call(method: Any, inputs: Sequence[FitInput], **arguments: Any) -> Any:
    """Call a method of Keras, and raise the original exception of a data set that failed."""
    try:
        return method(**arguments)
    except Exception:
        for data in inputs:
            if data.source is not None and data.source.error is not None:
                raise data.source.error from None
        raise


def export_model(
    serving: Any, filepath: Any, *, format: str, input_signature: Any, **options: Any
) -> None:
    """Export a serving model; see `KerasModel.export`."""
    signature = serving.input_signature() if input_signature is None else input_signature
    if keras.backend.backend() == "jax" and format == "tf_saved_model":
        # JAX cannot differentiate the loop of a search.
        options = {"jax2tf_kwargs": {"with_gradient": False}, **options}
    serving.export(filepath, format=format, input_signature=signature, **options)


def default_optimizer(settings: configs.Config) -> keras.optimizers.Optimizer:
    """Return the Keras optimizer of a config, without its schedule, multipliers and `l2`."""
    optimizer = settings.training.optimizer
    return keras.optimizers.get(
        {"class_name": optimizer.type, "config": optimizer.keras_arguments()}
    )


def outputs_text(outputs: Any) -> str:
    """Return the vocabulary or classes of a task as the text of their file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / outputs.file_name
        outputs.save(path)
        return path.read_text(encoding="utf-8")


def outputs_of_text(kind: Any, text: str) -> Any:
    """Return the vocabulary or classes of a task from the text of their file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / kind.file_name
        path.write_text(text, encoding="utf-8")
        return kind.load(path)
