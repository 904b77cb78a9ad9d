"""Rules of the library's architecture, checked on the source code."""

import ast
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "lrcn_seq"
LEVELS = {
    "errors": 0,
    "keras_registration": 0,
    "tensorflow_logs": 0,
    "locks": 0,
    "notebook_html": 0,
    "part_source": 0,
    "terminal": 0,
    "text_encoding": 0,
    "arrays": 1,
    "csv_table": 1,
    "files": 1,
    "progress": 1,
    "records": 1,
    "registry": 1,
    "config": 2,
    "metrics": 2,
    "text": 2,
    "data": 3,
    "evaluation": 3,
    "layers": 3,
    "report": 3,
    "decoders": 4,
    "encoders": 4,
    "features": 4,
    "search": 4,
    "tasks": 5,
    "runs": 6,
    "export": 7,
    "training": 7,
    "demos": 8,
    "serving": 8,
    "cli": 9,
}
NO_KERAS = ("config", "data", "evaluation", "metrics", "report", "text")
"""Packages that load neither Keras nor a backend."""
ROOT_FILES = {PACKAGE / "__init__.py", PACKAGE / "__main__.py"}
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path not in ROOT_FILES)
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
TASKS = {"activity", "captioning", "description"}

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))


def package(path: Path) -> str:
    """Return the package or module in LEVELS to which a file belongs."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(tree: ast.AST) -> list[tuple[str, str]]:
    """Return (module, name) of every import in a file; the name may be empty."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.module or "", alias.name) for alias in node.names]
    return found


def own_modules(tree: ast.AST) -> list[list[str]]:
    """Return the dotted path below `lrcn_seq` of every import from this library."""
    paths = [f"{module}.{name}".rstrip(".").split(".") for module, name in imports(tree)]
    return [path[1:] for path in paths if path[0] == "lrcn_seq" and len(path) > 1]


def is_private(name: str) -> bool:
    """Return whether a name has a leading underscore and is not special, like `__all__`."""
    return name.startswith("_") and not name.startswith("__")


def outside(*packages: str) -> list[Path]:
    """Return the files of all packages except the given ones."""
    return [path for path in FILES if package(path) not in packages]


def test_the_rules_see_the_whole_package():
    """The architecture tests read every package and file of the library."""
    assert len(FILES) > 200
    assert {package(path) for path in FILES} == set(LEVELS)


@each_file
def test_imports_point_down(path):
    """A module imports only from its own package or from a lower level."""
    own = package(path)
    imported = {module[0] for module in own_modules(TREES[path])} & set(LEVELS)
    assert not {name for name in imported if name != own and LEVELS[name] >= LEVELS[own]}


@each_file
def test_no_private_name_is_imported_from_another_package(path):
    """Modules and names with a leading underscore stay inside their package."""
    others = [module for module in own_modules(TREES[path]) if module[0] != package(path)]
    assert not [module for module in others if any(is_private(part) for part in module)]


def test_no_two_modules_share_a_name():
    """No two modules share a file name, except `base.py` and `__init__.py`."""
    modules = defaultdict(list)
    for path in FILES:
        if path.stem not in {"__init__", "base"}:
            modules[path.stem.lstrip("_")].append(str(path.relative_to(PACKAGE)))
    verbs = {path.stem for path in (PACKAGE / "cli").glob("[a-z]*.py")}
    assert verbs
    assert not {stem: paths for stem, paths in modules.items() if len(paths) > 1}


@each_file
def test_tensorflow_is_imported_only_inside_functions(path):
    """TensorFlow is imported only inside functions of the packages from tasks to export."""
    nodes = [
        node for node in ast.walk(TREES[path]) if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    found = [
        node
        for node in nodes
        if any(module.split(".")[0] == "tensorflow" for module, _ in imports(node))
    ]
    assert not found or package(path) in {"export", "runs", "tasks", "training"}
    assert not set(found) & set(TREES[path].body)


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
@pytest.mark.parametrize(
    "module", ["lrcn_seq", "lrcn_seq.text", "lrcn_seq.metrics", "lrcn_seq.config", "lrcn_seq.cli"]
)
def test_importing_is_light(module, backend):
    """Importing `lrcn_seq` or its packages text, metrics, config or cli loads no heavy library."""
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


@pytest.mark.parametrize("name", NO_KERAS)
def test_packages_below_the_layers_do_not_import_keras(name):
    """Packages in NO_KERAS import neither Keras nor a backend, except the KerasHub tokenizer."""
    files = [path for path in FILES if package(path) == name]
    assert files
    heavy = {"keras", "tensorflow", "jax", "torch"}
    allowed = {PACKAGE / "text" / "keras_hub_tokenizer.py"}
    for path in files:
        top = {module.split(".")[0] for module, _ in imports(TREES[path])}
        assert path in allowed or not top & heavy, path


@pytest.mark.parametrize("path", outside("tasks"), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_outside_tasks_asks_which_task_it_holds(path):
    """No module outside tasks compares task names, tests for task classes, or imports a task."""
    tree = TREES[path]
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            constants = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant)}
            assert not constants & TASKS, ast.unparse(node)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
            assert "Task" not in ast.unparse(node.args[1]), ast.unparse(node)
            assert "Evaluation" not in ast.unparse(node.args[1]), ast.unparse(node)
    assert not {module[1] for module in own_modules(tree) if module[0] == "tasks"} & TASKS


@pytest.mark.parametrize("path", outside("tasks"), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_outside_tasks_branches_on_the_outputs_of_a_task(path):
    """No module outside tasks reads `needs` or branches on `labels` or `tokenizer` of a task."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Attribute):
            assert node.attr != "needs", ast.unparse(node)
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            condition = ast.unparse(node.test)
            for name in ("task.labels", "task.tokenizer", "tasks[0].labels", "outputs_type is"):
                assert name not in condition, condition
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "issubclass"):
            for name in ("Classes", "Vocabulary", "outputs_type"):
                assert name not in ast.unparse(node), ast.unparse(node)


@pytest.mark.parametrize(
    "path", outside("data", "encoders"), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_only_the_media_reader_asks_what_an_input_is(path):
    """Only the packages data and encoders test whether media are drawn or are `vectors`."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "hasattr":
            assert "draw" not in ast.unparse(node)
        if isinstance(node, ast.Compare):
            constants = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant)}
            assert "vectors" not in constants, ast.unparse(node)


@each_file
def test_files_and_functions_are_short(path):
    """A file has at most 400 lines, and a function at most 60 lines."""
    functions = [
        node
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert path.read_text(encoding="utf-8").count("\n") <= 400
    assert not [f.name for f in functions if f.end_lineno - f.lineno >= 60]


def has_code(tree: ast.AST) -> bool:
    """Return whether a module has a function that is not abstract."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return any("abstractmethod" not in map(ast.unparse, f.decorator_list) for f in functions)


def test_every_module_has_a_mirror_test():
    """Every module has a test file of its name, such as tests/text/test_word.py."""
    tests = PACKAGE.parent / "tests"
    missing = []
    for path in FILES:
        if path.name == "__init__.py":
            continue
        relative = path.relative_to(PACKAGE)
        name = f"test_{path.stem.lstrip('_')}.py"
        if has_code(TREES[path]) and not (tests / relative.parent / name).exists():
            missing.append(str(relative))
    assert not missing
