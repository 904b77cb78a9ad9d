"""Files about the project: citation, hooks and container agree with the code."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import lrcn_seq

ROOT = Path(__file__).resolve().parents[1]


def text_of(name: str) -> str:
    """Return the text of a file of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def package(requirement: str) -> str:
    """Return the normalized name of the package of a requirement."""
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def test_the_version_is_the_same_everywhere():
    """The package, its metadata and the citation have the same version."""
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    citation = yaml.safe_load(text_of("CITATION.cff"))
    assert project["version"] == lrcn_seq.__version__ == citation["version"]
    assert citation["license"] == project["license"]


def test_the_citation_has_the_keys_of_its_format():
    """The citation has the required keys of the Citation File Format, and names the paper."""
    citation = yaml.safe_load(text_of("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors", "type"} <= set(citation)
    (paper,) = citation["references"]
    assert {"type", "title", "authors"} <= set(paper)
    assert paper["identifiers"][0]["value"] == "arXiv:1411.4389"
    assert all(set(author) == {"family-names", "given-names"} for author in paper["authors"])


def test_the_hooks_are_the_checks_of_make_lint():
    """The pre-commit hooks call the programs that `make lint` calls, and download nothing."""
    (repository,) = yaml.safe_load(text_of(".pre-commit-config.yaml"))["repos"]
    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    entries = {hook["entry"].removeprefix(".venv/bin/") for hook in repository["hooks"]}
    lint = text_of("Makefile").partition("\nlint:")[2].partition("\n\n")[0]
    called = re.findall(r"\$\(BIN\)/(ruff \w+|mypy)", lint)
    assert entries == set(called)
    assert len(called) == 3


def test_the_container_copies_what_the_wheel_needs():
    """The container copies files that exist and are not ignored, and installs tested versions."""
    lines = text_of("Dockerfile").splitlines()
    copied = [name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]]
    ignored = text_of(".dockerignore").splitlines()
    assert {"setup.py", "configs", "lrcn_seq", "constraints.txt"} <= set(copied)
    for name in copied:
        assert (ROOT / name).exists()
        assert f"!{name}" in ignored
    (install,) = (line for line in lines if "pip install" in line)
    assert "-c constraints.txt" in install
    extras = tomllib.loads(text_of("pyproject.toml"))["project"]["optional-dependencies"]
    assert set(re.search(r"\[(.*)\]", install)[1].split(",")) <= set(extras)


@pytest.mark.parametrize("name", ["dependencies", "optional-dependencies"])
def test_every_dependency_has_a_tested_version(name):
    """Every dependency has a version in `constraints.txt`."""
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    groups = [project[name]] if name == "dependencies" else project[name].values()
    required = {package(requirement) for group in groups for requirement in group}
    assert required
    lines = text_of("constraints.txt").splitlines()
    assert required <= {package(line) for line in lines if "==" in line}
