"""The notebooks of the examples: their form, their configs for own data, and their execution."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
NAMES = ("activity", "captioning", "description")
SECONDS = 1800
"""Time limit of a cell, which trains on a machine that may be busy."""

each_notebook = pytest.mark.parametrize("name", NAMES)


def cells(name: str, kind: str) -> list[str]:
    """Return the texts of the cells of one type, `code` or `markdown`."""
    notebook = json.loads((EXAMPLES / f"{name}.ipynb").read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


def test_each_task_has_a_notebook():
    """The folder of examples has one notebook per task and nothing else."""
    files = {path.name for path in EXAMPLES.iterdir() if path.name[0] != "."}
    assert files == {f"{name}.ipynb" for name in NAMES}


@each_notebook
def test_notebooks_have_no_outputs(name):
    """The notebooks are committed without outputs and without execution counts."""
    notebook = json.loads((EXAMPLES / f"{name}.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(code) >= 8
    assert [cell for cell in code if cell["outputs"] or cell["execution_count"]] == []


@each_notebook
def test_notebooks_explain_their_steps(name):
    """A notebook begins with its title and has a heading for each step."""
    texts = cells(name, "markdown")
    assert texts[0].startswith("# ")
    headings = re.findall(r"(?m)^## (.+)$", "\n".join(texts))
    assert headings[:3] == ["Data", "Model", "Train"]
    assert headings[-1] == "Save the model"
    assert [line for text in texts for line in text.splitlines() if len(line) > 100] == []


def config_of(name: str, replacements: dict[str, str]):
    """Execute a notebook up to its config, with some lines replaced, and return the config."""
    variables: dict = {}
    for code in cells(name, "code"):
        for old, new in replacements.items():
            code = re.sub(rf"(?m)^{old} = None\b", f"{old} = {new!r}", code)  # noqa: PLW2901
        if "display(" not in code or "import" in code:
            exec(code, variables)
        if "config" in variables:
            return variables["config"]
    raise AssertionError(f"{name} defines no config")


def write_table(folder: Path, column: str, names: list[str]) -> Path:
    """Write a table of captions in a folder and return its path."""
    lines = [f"{column},caption", *(f"{name},a small image" for name in names)]
    (folder / "own.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder / "own.csv"


@pytest.mark.parametrize(("name", "column"), [("captioning", "image"), ("description", "video")])
def test_a_table_of_your_own_gives_a_valid_config(name, column, tmp_path, monkeypatch):
    """With your own table of captions, the captioning notebooks have a valid config."""
    pytest.importorskip("IPython")
    names = [f"{number}.png" for number in range(40)]
    for number, file in enumerate(names):
        Image.fromarray(np.full((8, 8, 3), number, np.uint8)).save(tmp_path / file)
    monkeypatch.chdir(tmp_path)
    table = write_table(tmp_path, column, names)
    config = config_of(name, {"TABLE": str(table)})
    assert config.data.source["table"] == str(table)
    assert config.encoder["weights"] == "imagenet"


def test_folders_of_your_own_give_a_valid_config(tmp_path, monkeypatch):
    """With your own class folders and groups, the activity notebook has a valid config."""
    pytest.importorskip("IPython")
    rows = ["file,group"]
    for label in ("run", "walk"):
        (tmp_path / label).mkdir()
        for number in range(10):
            (tmp_path / label / f"{label}{number}.gif").write_bytes(b"GIF89a" + bytes([number]))
            rows.append(f"{label}{number}.gif,{label}{number // 2}")
    (tmp_path / "groups.csv").write_text("\n".join(rows), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    config = config_of("activity", {"FOLDER": str(tmp_path), "GROUPS": "groups.csv"})
    assert config.data.source["groups"] == "groups.csv"
    assert config.data.sampling == {"type": "uniform", "frames": 16}


def outputs_of(notebook, heading: str) -> str:
    """Return the printed lines of all code cells below a heading of a notebook."""
    printed, below = [], False
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and "\n#" in f"\n{cell.source}":
            below = heading in cell.source
        elif below and cell.cell_type == "code":
            printed += [out.text for out in cell.outputs if out.get("name") == "stdout"]
    return "".join(printed)


@pytest.mark.slow
@pytest.mark.timeout(2 * SECONDS)
@pytest.mark.parametrize(
    ("name", "pattern", "least"),
    [
        ("activity", r"accuracy (\S+) \(", 0.85),
        ("captioning", r"bleu_4 +(\S+)  \(", 0.8),
        ("description", r"bleu_4 +(\S+)  \(", 0.6),
    ],
)
def test_notebooks_run(name, pattern, least, tmp_path, monkeypatch):
    """All cells of a notebook run, the model has learned the task, and it is saved."""
    nbformat = pytest.importorskip("nbformat")
    client = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    client.NotebookClient(notebook, timeout=SECONDS, resources=resources).execute()
    score = re.search(pattern, outputs_of(notebook, "## Scores"))
    assert score is not None
    assert float(score[1]) >= least
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", ())]
    shown = [out.data for out in outputs if "data" in out]
    assert sum("image/png" in data or "image/gif" in data for data in shown) >= 5
    assert outputs_of(notebook, "## Save the model").endswith(" MB\n")
