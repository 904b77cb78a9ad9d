"""The generated pages of the documentation."""

import importlib.util
import re
from pathlib import Path

import pytest

from lrcn_seq.cli import verbs
from lrcn_seq.config.key_docs import section_docs
from lrcn_seq.registry import SEAMS

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def generated():
    """Return the module docs/generated.py."""
    spec = importlib.util.spec_from_file_location("generated", ROOT / "docs" / "generated.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(generated, name: str) -> str:
    """Return a page with its generated text."""
    markdown = (ROOT / "docs" / name).read_text(encoding="utf-8")
    text = generated.on_page_markdown(markdown)
    assert "<!-- generated" not in text
    return text


def test_every_command_is_on_its_page(generated):
    """The page of commands has a section for each verb, with its options."""
    text = page(generated, "commands.md")
    assert re.findall(r"(?m)^## lrcn (\w+)$", text) == sorted(verbs())
    assert text.count("--resume") >= 1


def test_every_part_is_on_its_page(generated):
    """The page of parts has a section for each registered part."""
    text = page(generated, "parts.md")
    headings = re.findall(r"(?m)^### (\w+) \{ #(\w+)-", text)
    assert headings == [(name, seam) for seam, parts in SEAMS.items() for name in parts.names()]


def test_every_argument_has_a_meaning(generated):
    """Each argument on the page of parts has a type, a default value and a meaning."""
    rows = [row for row in page(generated, "parts.md").splitlines() if row.startswith("| `")]
    assert len(rows) > 100
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]
    assert [row for row in cells if len(row) != 4 or not all(row)] == []


def test_every_key_is_on_its_page(generated):
    """The page of config keys has every key of every section, with its meaning or its type."""
    text = page(generated, "configuration.md")
    keys = re.findall(r"(?m)^\| `([\w.]+)` \|", text)
    assert {key.key for key in section_docs()} == set(keys)
    assert "| `training.patience` | int" in text


def test_every_page_is_in_the_navigation():
    """The navigation of the site lists each page once."""
    mkdocs = pytest.importorskip("mkdocs.utils.yaml")
    with (ROOT / "mkdocs.yml").open(encoding="utf-8") as file:
        settings = mkdocs.yaml_load(file)
    listed = re.findall(r"[\w/]+\.md", str(settings["nav"]))
    pages = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    assert sorted(listed) == sorted(pages)


def test_the_site_is_built_without_warnings(tmp_path):
    """MkDocs builds the site in strict mode, which checks all links and anchors."""
    pytest.importorskip("mkdocstrings")
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(tmp_path / "site")))
    assert (tmp_path / "site" / "parts" / "index.html").is_file()
