"""The interface of a format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

if TYPE_CHECKING:
    from lrcn_seq.export.serving_function import ServingFunction

Quantization: TypeAlias = Literal["int8"]
"""The type of the stored weights, in place of float32."""


class Format(ABC):
    """A format in which a serving function is written.

    A format that quantizes weights has the constructor argument `quantize`.

    Attributes:
        file_name: The name of the file or folder in the artifact.
        backend: The backend of Keras on which the function is traced.
        packages: The modules needed to write the model and to check it, with their packages.
        any_batch: Whether the batch size may stay open.
        any_length: Whether the number of frames of a clip may stay open.
        random: Whether random searches can be converted.
        runtime: The import statement of the runtime in `run.py`.
        load: The statements of `run.py` that load the model.
        call: The body of the function of `run.py` from a dictionary of arrays to a dictionary of
            arrays.
    """

    file_name: ClassVar[str]
    backend: ClassVar[Literal["tensorflow", "jax"]] = "tensorflow"
    packages: ClassVar[dict[str, str]] = {}
    any_batch: ClassVar[bool] = True
    any_length: ClassVar[bool] = False
    random: ClassVar[bool] = False
    runtime: ClassVar[str]
    load: ClassVar[str]
    call: ClassVar[str]
    quantize: Quantization | None = None

    @abstractmethod
    def write(self, function: ServingFunction, path: Path, artifact: Mapping[str, Any]) -> None:
        """Write a function.

        Args:
            function: The function.
            path: The file or folder to create.
            artifact: The content of `artifact.json`.
        """

    def verify(
        self,
        path: Path,  # noqa: ARG002 - formats override it
        model: Any,  # noqa: ARG002
        files: Sequence[str],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Check what only this format has, and return further entries of `artifact.json`.

        Args:
            path: The file or folder that `write` has created.
            model: The serving model of the run.
            files: Images or videos.

        Raises:
            RunError: The answers differ from those of the run.
        """
        return {}
