"""The import of Keras in commands."""

import gc
import os
import subprocess
import sys
from importlib import import_module

import pytest

from lrcn_seq.cli._keras_import import _hidden, import_keras

SCRIPT = """
import gc, sys
from lrcn_seq.cli._keras_import import import_keras
import_keras()
print(*[name in sys.modules for name in ("keras", "jax", "scipy.sparse", "IPython", "cv2")])
print(gc.isenabled(), gc.get_freeze_count() > 0)
"""


def test_unused_packages_are_not_imported():
    """Importing Keras on TensorFlow leaves out unused packages; garbage collection continues."""
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=environment
    )
    assert result.stdout.split() == ["True", *["False"] * 4, "True", "True"]


def test_hidden_packages_can_be_imported_again():
    """Within the context, the import of a hidden package fails; afterwards, it succeeds."""
    sys.modules.pop("colorsys", None)
    with _hidden(["colorsys", "gc"]):
        with pytest.raises(ImportError):
            import_module("colorsys")
        assert import_module("gc") is gc
    assert import_module("colorsys").rgb_to_hsv(0, 0, 0) == (0, 0, 0)


def test_loaded_keras_is_left_alone(monkeypatch):
    """If Keras is loaded already, nothing is imported and nothing is frozen."""
    monkeypatch.setitem(sys.modules, "keras", sys)
    count = gc.get_freeze_count()
    import_keras()
    assert gc.get_freeze_count() == count
