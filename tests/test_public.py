"""The public interface: names, entry points and scripts."""

import importlib
import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

import lrcn_seq
from lrcn_seq.cli import verbs

ROOT = Path(__file__).resolve().parents[1]
FUNCTIONS = {
    "build": "lrcn_seq.tasks",
    "dataset": "lrcn_seq.tasks",
    "frame_times": "lrcn_seq.data.media",
    "load": "lrcn_seq.runs",
    "load_ensemble": "lrcn_seq.runs",
    "push": "lrcn_seq.runs",
    "read_frames": "lrcn_seq.data.media",
    "train": "lrcn_seq.training",
}
PACKAGES = {
    "config",
    "data",
    "decoders",
    "encoders",
    "errors",
    "evaluation",
    "export",
    "features",
    "layers",
    "metrics",
    "records",
    "registry",
    "report",
    "runs",
    "search",
    "tasks",
    "text",
    "training",
}
VERBS = {
    "caption",
    "check",
    "classify",
    "demo",
    "describe",
    "env",
    "evaluate",
    "export",
    "extract",
    "init",
    "parts",
    "predict",
    "score",
    "serve",
    "train",
}
OTHER_TOOLS = {"benchmark", "folds"}


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a separate process in the root of the repository."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PATH": "", "PYTHONPATH": str(ROOT)},
    )


def test_public_names():
    """`__all__` and `dir` of the library list its functions, its packages and its version."""
    assert sorted(lrcn_seq.__all__) == sorted({"__version__", *FUNCTIONS, *PACKAGES})
    assert dir(lrcn_seq) == sorted(lrcn_seq.__all__)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_public_functions(name):
    """Each public function is the same object as in the package that defines it."""
    found = getattr(lrcn_seq, name)
    assert found is getattr(importlib.import_module(FUNCTIONS[name]), name)
    assert callable(found)


@pytest.mark.parametrize("name", sorted(PACKAGES))
def test_public_packages(name):
    """Each public package is an attribute of `lrcn_seq` that is imported on demand."""
    assert lrcn_seq.__getattr__(name) is importlib.import_module(f"lrcn_seq.{name}")


def test_an_unknown_name_is_an_attribute_error():
    """An unknown name raises AttributeError with the usual message."""
    with pytest.raises(AttributeError, match="module 'lrcn_seq' has no attribute 'trian'"):
        _ = lrcn_seq.trian


def test_the_version_is_that_of_the_distribution():
    """`__version__` is the version of the installed distribution."""
    assert lrcn_seq.__version__ == version("lrcn-seq")


def test_the_package_has_type_hints_for_others():
    """The file `py.typed` is installed with the package."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "py.typed" in settings["tool"]["setuptools"]["package-data"]["lrcn_seq"]
    assert (ROOT / "lrcn_seq" / "py.typed").read_bytes() == b""


def test_the_console_script_is_the_command_line():
    """The console script `lrcn` calls `lrcn_seq.cli.main`."""
    (script,) = [point for point in entry_points(group="console_scripts") if point.name == "lrcn"]
    assert script.value == "lrcn_seq.cli:main"


def test_metrics_load_neither_keras_nor_a_backend():
    """Computing metrics imports neither Keras nor a backend."""
    code = """
import sys, lrcn_seq
print(round(lrcn_seq.metrics.bleu(["a cat sits down"], [["a cat sits down"]]).value, 6))
print(sorted({"keras", "tensorflow", "jax", "torch"} & set(sys.modules)))
"""
    result = python("-c", code)
    assert result.stdout == "1.0\n[]\n", result.stderr


def test_the_package_runs_as_a_module():
    """`python -m lrcn_seq` runs `lrcn`."""
    result = python("-m", "lrcn_seq", "--version")
    assert (result.returncode, result.stdout) == (0, f"lrcn {lrcn_seq.__version__}\n")


def test_the_verbs_of_the_command_line():
    """The command line has exactly the listed commands."""
    assert set(verbs()) == VERBS


def test_tools_has_a_script_for_each_verb_that_needs_one():
    """The folder tools has a script for each command and two other scripts."""
    assert {path.stem for path in (ROOT / "tools").glob("*.py")} == VERBS | OTHER_TOOLS


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_a_script_calls_its_verb(verb):
    """Each script in the folder tools passes its arguments to the command of its name."""
    text = (ROOT / "tools" / f"{verb}.py").read_text(encoding="utf-8")
    assert re.findall(r"main\(\[\"(\w+)\", \*sys\.argv\[1:\]\]\)", text) == [verb]


def test_a_script_prints_the_output_of_its_verb():
    """A script prints the output of its command and exits with code 0."""
    result = python("tools/parts.py", "views")
    assert result.returncode == 0
    assert "crop_mirror" in result.stdout


def test_a_script_ends_with_the_exit_code_of_its_verb():
    """A script exits with the code of its command and prints one message on stderr."""
    result = python("tools/check.py", "absent.yaml")
    assert result.returncode == 2
    assert result.stderr == (
        "lrcn check: absent.yaml: 1 problem\n  expected a YAML file; there is no such file.\n"
    )
