"""What other programs may rely on: names, entry points, scripts."""

import re
import subprocess
import sys
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

import lrcn_seq
from lrcn_seq.cli import verbs

TOOLS = Path(__file__).resolve().parents[1] / "tools"


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """A Python process of its own."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=TOOLS.parent,
        env={"PATH": "", **environment},
    )


@pytest.mark.parametrize("name", lrcn_seq.__all__)
def test_every_public_name_is_there(name):
    """Each is found, and `dir` lists it."""
    assert getattr(lrcn_seq, name) is not None
    assert name in dir(lrcn_seq)


def test_the_contract_of_names():
    """The names that others use are public."""
    assert {
        "load",
        "build",
        "train",
        "metrics",
        "errors",
        "records",
        "registry",
        "__version__",
    } <= set(lrcn_seq.__all__)


def test_an_unknown_name_is_an_attribute_error():
    """As of any module."""
    with pytest.raises(AttributeError, match="module 'lrcn_seq' has no attribute 'trian'"):
        _ = lrcn_seq.trian


def test_the_version_is_that_of_the_package():
    """Code and installed package agree."""
    assert lrcn_seq.__version__ == version("lrcn-seq")


def test_the_console_script_is_the_command_line():
    """`lrcn` calls `lrcn_seq.cli.main`."""
    (script,) = [point for point in entry_points(group="console_scripts") if point.name == "lrcn"]
    assert script.value == "lrcn_seq.cli:main"


def test_scoring_loads_neither_keras_nor_tensorflow():
    """Metrics are usable in a light process."""
    code = "import sys, lrcn_seq; lrcn_seq.metrics.bleu(['a b'], [['a b']]); print(sorted({'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)))"
    assert python("-c", code).stdout.strip() == "[]"


def test_the_package_runs_as_a_module():
    """`python -m lrcn_seq` is `lrcn`."""
    result = python("-m", "lrcn_seq", "--version")
    assert (result.returncode, result.stdout) == (0, f"lrcn {lrcn_seq.__version__}\n")


def test_every_verb_has_its_script():
    """`tools/VERB.py` for each verb, and no script without a verb but those that prepare something."""
    assert len(verbs()) >= 6
    assert set(verbs()) <= {path.stem for path in TOOLS.glob("*.py")}


@pytest.mark.parametrize(
    "path",
    sorted(path for path in TOOLS.glob("*.py") if path.stem in verbs()),
    ids=lambda path: path.stem,
)
def test_a_script_calls_its_own_verb(path):
    """Its arguments go to the verb of its name."""
    assert re.findall(r"main\(\[\"(\w+)\", \*sys\.argv\[1:\]\]\)", path.read_text()) == [path.stem]


def test_a_script_runs():
    """A script prints what its verb prints and ends with its exit code."""
    good, bad = python("tools/parts.py", "views"), python("tools/check.py", "absent.yaml")
    assert good.returncode == 0
    assert "crop_mirror" in good.stdout
    assert bad.returncode == 2
    assert (
        bad.stderr
        == "lrcn check: absent.yaml: 1 problem\n  expected a YAML file; there is no such file.\n"
    )
