"""StableHLO, for JAX and other compilers based on XLA."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from lrcn_seq.export.formats import formats
from lrcn_seq.export.formats.base import Format

if TYPE_CHECKING:
    from lrcn_seq.export.serving_function import ServingFunction

PLATFORMS = ("cpu", "cuda")


@formats.register
class Stablehlo(Format):
    """A StableHLO module, serialized by `jax.export` for CPUs and CUDA devices."""

    file_name: ClassVar[str] = "model.stablehlo"
    backend: ClassVar[Literal["tensorflow", "jax"]] = "jax"
    packages: ClassVar[dict[str, str]] = {"jax": "jax"}
    any_length: ClassVar[bool] = True
    random: ClassVar[bool] = True
    runtime: ClassVar[str] = "import jax.export"
    load: ClassVar[str] = """\
PATH = Path(__file__).with_name("model.stablehlo")
MODEL = jax.jit(jax.export.deserialize(bytearray(PATH.read_bytes())).call)"""
    call: ClassVar[str] = (
        "    return {name: np.asarray(array) for name, array in MODEL(arrays).items()}"
    )

    def write(
        self,
        function: ServingFunction,
        path: Path,
        artifact: Mapping[str, Any],  # noqa: ARG002 - the interface
    ) -> None:
        """Write a file; see `Format`."""
        import jax
        import jax.export

        model = function.model
        trainable = [variable.value for variable in model.trainable_variables]
        others = [variable.value for variable in model.non_trainable_variables]

        def serve(inputs: dict[str, Any]) -> Any:
            return model.stateless_call(trainable, others, **inputs)[0]

        exported = jax.export.export(jax.jit(serve), platforms=PLATFORMS)(_types(function))
        path.write_bytes(exported.serialize())


def _types(function: ServingFunction) -> dict[str, Any]:
    """Return the shapes and dtypes of the inputs, with the open sizes as symbols."""
    import jax
    import jax.export

    scope = jax.export.SymbolicScope()
    return {
        one.name: jax.ShapeDtypeStruct(
            jax.export.symbolic_shape(
                ", ".join(
                    f"s{axis}" if size is None else str(size) for axis, size in enumerate(one.shape)
                ),
                scope=scope,
            ),
            one.dtype,
        )
        for one in function.inputs
    }
