"""The quiet import of Grain."""

import os
import subprocess
import sys


def test_a_missing_jax_is_not_mentioned():
    """Without JAX, the import of Grain writes nothing to stderr, and later warnings are shown."""
    code = (
        "import sys; sys.modules['jax'] = None\n"
        "from lrcn_seq.data.grain_import import import_grain\n"
        "assert import_grain().MapDataset\n"
        "from absl import logging; logging.warning('a later warning')"
    )
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert "jax" not in done.stderr
    assert "a later warning" in done.stderr
