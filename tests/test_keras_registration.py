"""The registration of the tasks with Keras in new processes."""

import subprocess
import sys

import pytest

CLASSES = "'lrcn_seq>Captioning', 'lrcn_seq>Activity', 'lrcn_seq>Description'"


def python(code):
    """Return the output of code in a new process."""
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stdout.strip()


@pytest.mark.parametrize(
    "imports",
    ["import keras, lrcn_seq", "import lrcn_seq, keras", "import lrcn_seq, tensorflow, keras"],
)
def test_keras_finds_the_tasks_in_any_order_of_imports(imports):
    """The classes of all tasks are registered whether Keras is imported before or after."""
    code = f"print([keras.saving.get_registered_object(n) is None for n in ({CLASSES})])"
    assert python(f"{imports}\n{code}") == "[False, False, False]"


def test_importing_the_package_does_not_import_keras():
    """The registration waits until somebody imports Keras."""
    code = "import sys, lrcn_seq; print('keras' in sys.modules, 'tensorflow' in sys.modules)"
    assert python(code) == "False False"


def test_an_import_by_the_package_registers_only_what_it_uses():
    """Keras that is imported by a module of the package does not import the tasks."""
    code = (
        "import sys, lrcn_seq.layers.record_layer; print('lrcn_seq.tasks.activity' in sys.modules)"
    )
    assert python(code) == "False"
