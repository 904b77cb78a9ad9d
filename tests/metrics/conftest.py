"""Fixtures for the tests of metrics."""

import gzip
import importlib.util
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from lrcn_seq.metrics import registry

PAIRS = [
    ("man", "guy"),
    ("on top of", "upon"),
    ("a", "the"),
    ("upon", "on top of"),
    ("a", "guy"),
]
PARAPHRASES = "".join(f"0.1\n{phrase}\n{other}\n" for phrase, other in PAIRS)


@pytest.fixture(scope="session")
def samples() -> dict:
    """Return sentences with tokens and scores of the COCO evaluation code from `samples.json`."""
    return json.loads((Path(__file__).parent / "samples.json").read_text(encoding="utf-8"))


@pytest.fixture
def meteor_data(tmp_path, monkeypatch) -> Path:
    """Create a METEOR folder as in pycocoevalcap, with small tables and an empty cache."""
    with zipfile.ZipFile(tmp_path / "meteor-1.5.jar", "w") as jar:
        jar.writestr("function/english.words", "the\na\non\nof\n")
        jar.writestr("nonbreaking/english.prefixes", "# comment\nMr\nNo #NUMERIC_ONLY#\n")
        jar.writestr(
            "synonym/english.synsets", "dog\n1 2\nhound\n2\nman\n3\nbike\n4\nbicycle\n4\nride\n5\n"
        )
        jar.writestr("synonym/english.exceptions", "ride\nrode ridden\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "paraphrase-en.gz").write_bytes(gzip.compress(PARAPHRASES.encode()))
    # Get the module from its class, because the package attribute `meteor` is a function.
    module = registry.get("meteor").statistics.__globals__
    monkeypatch.setitem(module, "meteor_folder", lambda: tmp_path)
    monkeypatch.setenv("LRCN_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture(scope="module")
def maker():
    """Return the module `make_samples.py`, which runs the Java programs of pycocoevalcap."""
    pytest.importorskip("pycocoevalcap")
    if shutil.which("java") is None:
        pytest.skip("java is not installed")
    path = Path(__file__).parent / "make_samples.py"
    spec = importlib.util.spec_from_file_location("make_samples", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
