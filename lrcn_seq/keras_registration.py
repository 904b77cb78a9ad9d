"""Registration of the tasks with Keras, also if Keras is imported after this package."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

PACKAGES = ("keras", "tensorflow")
"""Keras, and TensorFlow, which imports Keras before its own import is complete."""


def register_with_keras() -> None:
    """Register the tasks, so that `keras.saving.load_model` finds their classes.

    If Keras is not imported yet, they are registered when the user imports it.
    """
    if "keras" in sys.modules:
        import_module("lrcn_seq.tasks").register_tasks()
    else:
        sys.meta_path.insert(0, KerasFinder())


class KerasFinder(MetaPathFinder):
    """Finds the first imported of `PACKAGES`, and registers the tasks after its import.

    Imports by this package, such as those of commands, do not register all tasks.
    """

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - interface of a finder
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Return the specification of one of `PACKAGES`; see `MetaPathFinder`."""
        if fullname not in PACKAGES:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None and not imported_by_this_package():
            execute = spec.loader.exec_module

            def execute_and_register(module: ModuleType) -> None:
                execute(module)
                register_with_keras()

            spec.loader.exec_module = execute_and_register  # type: ignore[method-assign]
        return spec


def imported_by_this_package() -> bool:
    """Return whether a module of this package is among the callers of the finder."""
    frame = sys._getframe(2)
    while frame is not None:
        if str(frame.f_globals.get("__name__")).startswith("lrcn_seq."):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
