"""The base class of encoders and decoders: layers whose input is a record of two tensors."""

from __future__ import annotations

from typing import Any, ClassVar

import keras

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Clips, Encoded


class RecordLayer(keras.layers.Layer):
    """A layer whose first argument is a record, which may also be given as a list or tuple.

    Keras restores the NamedTuples in the graph of a saved functional model as lists. Every subclass
    is registered for saving.

    Attributes:
        record: The type of the first argument.
        record_argument: The name of the first argument of `call`.
    """

    record: ClassVar[type[Clips] | type[Encoded]]
    record_argument: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        keras.saving.register_keras_serializable(saving_package(cls))(cls)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the layer after converting its first argument to the record.

        Raises:
            ArgumentError: The first argument is not a pair.
        """
        if args:
            args = (self._as_record(args[0]), *args[1:])
        elif self.record_argument in kwargs:
            record = self._as_record(kwargs[self.record_argument])
            kwargs = {**kwargs, self.record_argument: record}
        return super().__call__(*args, **kwargs)

    def _as_record(self, value: Any) -> Clips | Encoded:
        if isinstance(value, self.record):
            return value
        if isinstance(value, (list, tuple)) and len(value) == len(self.record._fields):
            return self.record(*value)
        received = f"{len(value)} values" if isinstance(value, (list, tuple)) else type(value)
        raise ArgumentError(
            f"Expected {self.record_argument} as {self.record.__name__}"
            f"({', '.join(self.record._fields)}). Received: {received}; pass both tensors."
        )


def saving_package(cls: type) -> str:
    """Return the package under which Keras registers a class: `lrcn_seq` if its name is free.

    If a part of this library has the same name, a class is registered under its own package.
    """
    registered = keras.saving.get_registered_object(f"lrcn_seq>{cls.__name__}")
    is_free = registered is None or registered.__module__ == cls.__module__
    return "lrcn_seq" if is_free else cls.__module__.partition(".")[0]
