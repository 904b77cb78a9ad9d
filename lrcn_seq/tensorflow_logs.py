"""Hide the log lines that the native code of TensorFlow writes while it is imported.

TensorFlow 2.21 writes them through a logger that is not yet initialized, which ignores
`TF_CPP_MIN_LOG_LEVEL` and has no setting. Therefore, stderr is filtered during the import.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
"""The variable with which a user shows (0) or hides (3) the logs of TensorFlow."""
NOISE = re.compile(
    rb"^(?:[IWE]\d{4} "
    rb"|WARNING: All log messages before absl::InitializeLog"
    rb"|\d{4}-\d\d-\d\d .*(?:cpu_feature_guard|cuda|oneDNN|TF-TRT)"
    rb"|To enable the following instructions)"
)


def hide_import_logs() -> None:
    """Hide the log lines of the first import of TensorFlow, unless the user shows its logs."""
    if "tensorflow" not in sys.modules and os.environ.setdefault(LEVEL, "3") == "3":
        sys.meta_path.insert(0, TensorFlowFinder())


def show_import_logs() -> None:
    """Undo `hide_import_logs`, if TensorFlow has not been imported since."""
    sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, TensorFlowFinder)]


class TensorFlowFinder(MetaPathFinder):
    """Finds TensorFlow once, and filters stderr during its import."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - interface of a finder
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Return the specification of TensorFlow; see `MetaPathFinder`."""
        if fullname != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_filtered(module: ModuleType) -> None:
                with filtered_stderr():
                    execute(module)

            spec.loader.exec_module = execute_filtered  # type: ignore[method-assign]
        return spec


@contextmanager
def filtered_stderr() -> Iterator[None]:
    """Within the context, drop lines of `NOISE` that are written to stderr; pass on all others."""
    try:
        stderr = os.dup(2)
    except OSError:  # the process has no stderr
        yield
        return
    read_end, write_end = os.pipe()
    os.dup2(write_end, 2)
    os.close(write_end)
    thread = threading.Thread(target=_forward, args=(read_end, stderr), daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.dup2(stderr, 2)  # closes the pipe, unless a child process has inherited it
        thread.join(timeout=2)


def _forward(read_end: int, stderr: int) -> None:
    """Copy lines from a pipe to stderr, except those of `NOISE`; then close both."""
    with os.fdopen(read_end, "rb") as lines:
        for line in lines:
            if not NOISE.match(line):
                os.write(stderr, line)
    os.close(stderr)
