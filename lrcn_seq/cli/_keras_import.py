"""A faster first import of Keras and TensorFlow."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module

UNUSED_BY_TENSORFLOW = ("jax", "scipy.sparse")
"""Packages that TensorFlow imports if they are installed, for its converter of JAX models and for
its copy of Keras 2."""
UNUSED_BY_KERAS = ("IPython", "cv2")
"""Packages that Keras imports if they are installed, for the display of weights in a notebook and
for drawing boxes."""


def import_keras() -> None:
    """Import Keras and its backend, if they are not loaded yet.

    It takes about a third less time than `import keras`, because the garbage collector is paused
    and, if the backend is TensorFlow, packages that are not used are left out. Later garbage
    collections skip the objects that the imports create.
    """
    if "keras" in sys.modules:
        return
    on_tensorflow = os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow"
    with _garbage_collection_paused():
        if on_tensorflow:
            # TensorFlow imports Keras before its own import is complete. The configuration file of
            # Keras may name another backend, which Keras imports itself.
            with _hidden(UNUSED_BY_TENSORFLOW + UNUSED_BY_KERAS), suppress(ImportError):
                import_module("tensorflow")
        with _hidden(UNUSED_BY_KERAS):
            import_module("keras")
        gc.freeze()


@contextmanager
def _garbage_collection_paused() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def _hidden(packages: Sequence[str]) -> Iterator[None]:
    """Within the context, let imports of these packages fail unless they are already loaded."""
    hidden = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None hides a module
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)
