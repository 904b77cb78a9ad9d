"""The two rules of the architecture, checked on the source: imports point down, and importing stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "lrcn_seq"
LEVELS = {
    "errors": 0, "progress": 0, "files": 1, "registry": 1, "records": 1,
    "text": 2, "metrics": 2, "config": 2, "evaluation": 3, "report": 3,
    "data": 3, "layers": 3, "features": 4, "encoders": 4, "decoders": 4, "search": 4,
    "tasks": 5, "runs": 6, "training": 7, "export": 7, "demos": 8, "serve": 8, "cluster": 8, "cli": 9,
}  # fmt: skip
FILES = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if path not in {PACKAGE / "__init__.py", PACKAGE / "__main__.py"}
)


def package(path: Path) -> str:
    """The name in LEVELS of the package or module that a file belongs to."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def modules(node: ast.AST) -> list[str]:
    """The modules that an import names; a name taken from `lrcn_seq` itself counts as a module of it."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return (
            [f"lrcn_seq.{alias.name}" for alias in node.names]
            if node.module == "lrcn_seq"
            else [node.module or ""]
        )
    return []


def imported(path: Path) -> set[str]:
    """The packages of ours that a file imports anywhere in it."""
    names = [
        name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in modules(node)
    ]
    return {name.split(".")[1] for name in names if name.startswith("lrcn_seq.")} & set(LEVELS)


def test_the_import_rule_sees_the_whole_package():
    """The list of files that the rule is checked on is not empty by mistake."""
    assert len(FILES) > 50


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path):
    """A module imports from its own package or from a lower level."""
    own = package(path)
    wrong = {name for name in imported(path) if name != own and LEVELS[name] >= LEVELS[own]}
    assert not wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_tensorflow_is_imported_only_inside_functions_of_training(path):
    """No module imports tensorflow at its top, and only training does so at all."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [
        node
        for node in ast.walk(tree)
        if any(name.split(".")[0] == "tensorflow" for name in modules(node))
    ]
    assert not found or (package(path) == "training" and not set(found) & set(tree.body))


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
@pytest.mark.parametrize(
    "module", ["lrcn_seq", "lrcn_seq.text", "lrcn_seq.metrics", "lrcn_seq.config", "lrcn_seq.cli"]
)
def test_importing_is_light(module, backend):
    """Importing the package, its texts, metrics, configs or verbs loads neither Keras nor a backend, nor NLTK."""
    heavy = "{'keras', 'tensorflow', 'jax', 'torch', 'nltk', 'keras_hub'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"KERAS_BACKEND": backend, "PATH": ""},
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_part_is_longer_than_400_lines(path):
    """A file stays readable in one sitting, and no function is over 60 lines."""
    text = path.read_text(encoding="utf-8")
    functions = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    assert text.count("\n") <= 400
    assert not [f.name for f in functions if f.end_lineno - f.lineno >= 60]
