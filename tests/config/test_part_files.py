"""Parts in Python files of the user: import, references in configs, and copies in runs."""

import sys
from pathlib import Path
from typing import Any

import pytest

from lrcn_seq import config as configs
from lrcn_seq.config.part_files import (
    check_trusted,
    check_unchanged,
    import_file,
    import_reference,
    import_references,
    import_run,
    remember_files,
)
from lrcn_seq.errors import ConfigError, RunError, UsageError
from lrcn_seq.part_source import code_hash
from lrcn_seq.registry import sources, views

SOURCE = '''
from lrcn_seq.data.sources.base import Source
from lrcn_seq.registry import sources


class Blank(Source):
    """Blank images.

    Args:
        count: number of images.
    """

    samples = []
    version = 1

    def __init__(self, count: int = 3):
        self.count = count
'''
VIEW = """
from lrcn_seq.data.views.base import View


class Turn(View):
    def __init__(self, degrees: int = 180):
        self.degrees = degrees
"""
REGISTERED = SOURCE.replace("class Blank", "@sources.register\nclass Blank")


@pytest.fixture(autouse=True)
def empty_folder(new_process, tmp_path, monkeypatch):
    """Work in an empty folder, in a process that has imported no parts."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def stranger(monkeypatch):
    """Return a function that switches to the empty list of imported code of another user."""
    return lambda: monkeypatch.setenv("XDG_CONFIG_HOME", str(Path("stranger").resolve()))


def tree(source: str) -> dict[str, Any]:
    """Return a config with a source of the given type."""
    return {
        "task": {"type": "captioning"},
        "data": {"source": {"type": source}},
        "encoder": {"type": "tiny_cnn"},
        "decoder": {"type": "lrcn"},
    }


def write(path: str, text: str) -> Path:
    """Write a file in a new folder and return its path."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def make_run(source: str) -> Path:
    """Write a run folder with a config and the imported files."""
    run = Path("run")
    run.mkdir()
    config = configs.validate(tree(source))
    remember_files(run, config.model_dump())
    (run / "config.yaml").write_text(configs.dump_run(config))
    return run


def test_an_imported_file_registers_its_parts():
    """`import_file` registers a part under the stem of the file, and returns the module."""
    module = import_file(write("my_parts.py", REGISTERED))
    assert sources.get("my_parts") is module.Blank
    assert sources.build({"type": "my_parts", "count": 5}).count == 5
    (problem,) = sources.problems({"type": "my_parts", "cuont": 5}, "data.source")
    assert "Did you mean 'count'?" in problem.message


def test_a_class_is_named_in_a_config():
    """A config may name a class in a file; the class needs no registration."""
    write("my folder/my_parts.py", SOURCE)
    result = import_references(tree("my folder/my_parts.py:Blank"))
    assert result == tree("my_parts.py:Blank")
    config = configs.validate(result)
    assert sources.build(config.data.source).count == 3


def test_a_config_file_imports_its_parts():
    """Reading a config imports the files that it, an override or a stage names."""
    write("a.py", SOURCE)
    write("b.py", VIEW)
    Path("x.yaml").write_text(
        "task: {type: captioning}\ndata: {source: {type: shapes}}\nencoder: {type: tiny_cnn}\n"
        "decoder: {type: lrcn}\nstages: [{data.view: {type: ./b.py:Turn, degrees: 1}}]\n"
    )
    config = configs.read("x.yaml", ["data.source.type=a.py:Blank"])
    assert config.data.source == {"type": "a.py:Blank"}
    assert config.stages == [{"data.view": {"type": "b.py:Turn", "degrees": 1}}]
    assert views.get("b.py:Turn").__name__ == "Turn"


@pytest.mark.parametrize("name", ["shapes", "x.py", "x.py:", "x.py:1a", "x.txt:Blank", ":Blank"])
def test_other_types_name_no_file(name):
    """A type that is not FILE.py:CLASS is left as it is, and no file is read."""
    assert import_references(tree(name)) == tree(name)
    assert import_reference("sources", name) == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\ny = z\n", r"bad.py, line 2: .* Received: NameError: name 'z' is not defined; "),
        ("x = (\n", r"bad.py, line 1: .* Received: SyntaxError: "),
        ("\0", r"bad.py: .* Received: (ValueError|SyntaxError): "),
        ("raise SystemExit(3)", r"bad.py: .* Received: a call of exit; remove it\."),
        ("import helper", r"line 1: .*; it may import installed packages, but not helper.py"),
        ("import no_such_module", r"No module named 'no_such_module'; correct the file\.$"),
    ],
)
def test_a_file_that_fails_is_reported_with_its_line(text, message):
    """The error for a file that cannot be imported names the file, the line and the reason."""
    write("helper.py", "")
    with pytest.raises(UsageError, match=message):
        import_file(write("bad.py", text))
    assert not [name for name in sys.modules if name.endswith(".bad")]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("none.py", "none.py: expected a Python file with parts. Received: No such file"),
        ("folder.py", "folder.py: expected a Python file with parts. Received: Is a directory"),
        ("parts.txt", "parts.txt: expected a Python file, my_parts.py. Received: another name."),
    ],
)
def test_a_file_that_cannot_be_read_is_reported(path, message):
    """The error for a missing file, a folder or another kind of file is one sentence."""
    Path("folder.py").mkdir()
    write("parts.txt", "")
    with pytest.raises(UsageError, match=message):
        import_file(path)


def test_a_missing_class_is_reported_with_a_suggestion():
    """The error for a class that the file lacks suggests the closest one."""
    write("my_parts.py", SOURCE)
    with pytest.raises(UsageError, match=r"expected the class Blnk.* Did you mean 'Blank'"):
        import_references(tree("my_parts.py:Blnk"))


def test_a_class_of_another_kind_is_refused():
    """A class that does not derive from the contract of its kind is refused."""
    write("my_parts.py", f"{SOURCE}\n\nclass Plain:\n    pass\n")
    for name in ("Plain", "Blank"):
        with pytest.raises(UsageError, match=r"derive from a class of lrcn_seq\.encoders\.base"):
            import_reference("encoders", f"my_parts.py:{name}")


def test_annotations_that_cannot_be_evaluated_are_a_problem():
    """A part whose annotations contain an undefined name is a problem of the config."""
    text = REGISTERED.replace("count: int", "count: 'Number'")
    import_file(write("my_parts.py", text))
    (problem,) = sources.problems({"type": "my_parts"}, "data.source")
    assert problem.place == "data.source.type"
    assert "expected annotations that can be evaluated. Received: name 'Number'" in problem.message


def test_two_files_of_one_name_are_refused():
    """Different files of the same name cannot be imported together."""
    import_file(write("a/my_parts.py", "x = 1"))
    import_file(write("b/my_parts.py", "x = 1"))
    with pytest.raises(UsageError, match="expected files of parts with different names"):
        import_file(write("c/my_parts.py", "x = 2"))
    two = {**tree("a/p.py:Blank"), "encoder": {"type": "b/p.py:Blank"}}
    write("a/p.py", SOURCE)
    with pytest.raises(UsageError, match="expected files of parts with different names"):
        import_references(two)


def test_a_changed_file_replaces_the_earlier_one():
    """A file that was changed is imported again, with new classes; an unchanged one is not."""
    first = import_file(write("my_parts.py", REGISTERED))
    assert import_file("my_parts.py") is first
    second = import_file(write("my_parts.py", REGISTERED.replace("= 1", "= 2")))
    assert sources.get("my_parts").version == 2
    assert code_hash(first.Blank) != code_hash(second.Blank)
    assert code_hash(Path) == ""


@pytest.mark.parametrize("way", ["import", "type"])
def test_a_run_imports_its_parts_again(way, new_process):
    """A run keeps a copy of its files, and imports it after the original is changed or deleted."""
    file = write("my_parts.py", REGISTERED if way == "import" else SOURCE)
    if way == "import":
        import_file(file)
        run = make_run("my_parts")
    else:
        import_references(tree("my_parts.py:Blank"))
        run = make_run("my_parts.py:Blank")
    file.unlink()
    new_process()
    config = configs.read_run(run / "config.yaml")
    assert sources.build(config.data.source).version == 1
    assert config.data.source == {
        "type": "my_parts" if way == "import" else "my_parts.py:Blank",
        "count": 3,
    }


def test_code_of_others_is_not_executed(new_process, stranger):
    """A run with code that the user has never imported is refused before the code runs."""
    file = write("my_parts.py", f"{REGISTERED}\nopen('executed', 'w').close()\n")
    import_file(file)
    run = make_run("my_parts")
    Path("executed").unlink()
    new_process()
    stranger()
    with pytest.raises(RunError, match="has not been executed; read it, and allow it with --impo"):
        configs.read_run(run / "config.yaml")
    assert not Path("executed").exists()
    import_file(run / "parts" / "my_parts.py")
    assert Path("executed").exists()
    assert configs.read_run(run / "config.yaml").data.source["type"] == "my_parts"
    new_process()
    configs.read_run(run / "config.yaml")  # the code is trusted from now on


def test_no_code_is_executed_if_a_part_of_it_is_unknown(new_process):
    """If the user has never imported one of a run's files, none of them is executed."""
    import_file(write("a.py", "open('executed', 'w').close()"))
    import_file(write("my_parts.py", REGISTERED))
    run = make_run("my_parts")
    Path("executed").unlink()
    (run / "parts" / "z.py").write_text("x = 1")
    new_process()
    for function in (check_trusted, import_run):
        with pytest.raises(RunError, match=r"z\.py, which has not been executed"):
            function(run)
    assert not Path("executed").exists()


def test_a_changed_copy_is_not_executed(new_process):
    """Code that was changed in the run folder is refused."""
    import_file(write("my_parts.py", REGISTERED))
    run = make_run("my_parts")
    new_process()
    (run / "parts" / "my_parts.py").write_text(f"{REGISTERED}\nraise ValueError('executed')\n")
    with pytest.raises(RunError, match="has not been executed"):
        import_run(run)


def test_a_run_does_not_import_files_outside_its_folder(new_process):
    """A file in the working folder that the config of a run names is not imported."""
    import_references(tree(f"{write('my_parts.py', SOURCE)}:Blank"))
    run = make_run("my_parts.py:Blank")
    (run / "parts" / "my_parts.py").unlink()
    new_process()
    with pytest.raises(RunError, match=r"no such part, and no parts/my_parts\.py; restore"):
        configs.read_run(run / "config.yaml")
    import_file("my_parts.py")
    configs.read_run(run / "config.yaml")


def test_a_part_that_is_gone_is_reported(new_process):
    """The error for a run without the file of a part says how to name the file."""
    import_file(write("my_parts.py", REGISTERED))
    run = make_run("my_parts")
    (run / "parts" / "my_parts.py").unlink()
    new_process()
    with pytest.raises(RunError, match=r"the part 'my_parts' of sources.*--import my_parts\.py"):
        configs.read_run(run / "config.yaml")


def test_an_unknown_part_of_a_run_without_files_is_a_problem_of_its_config(new_process):
    """An unknown part in a run without own files gives the same error as in any config."""
    run = make_run("shapes")
    text = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(text.replace("type: shapes", "type: shape"))
    with pytest.raises(ConfigError, match=r"sources has no 'shape'\. Did you mean 'shapes'"):
        configs.read_run(run / "config.yaml")


def test_a_named_file_precedes_the_copy_of_a_run(new_process, capsys):
    """A file that the user names replaces the copy of the run, with a note."""
    import_file(write("my_parts.py", REGISTERED))
    run = make_run("my_parts")
    new_process()
    import_file(write("my_parts.py", REGISTERED.replace("= 1", "= 2")))
    configs.read_run(run / "config.yaml")
    assert sources.get("my_parts").version == 2
    assert capsys.readouterr().err == (
        "run: importing my_parts.py instead of run/parts/my_parts.py, which differs.\n"
    )


def test_runs_with_different_versions_are_loaded_in_turn(new_process):
    """When a run is loaded, its copy of a file replaces the version that a config has imported."""
    write("my_parts.py", SOURCE)
    import_references(tree("my_parts.py:Blank"))
    run = make_run("my_parts.py:Blank")
    write("my_parts.py", SOURCE.replace("= 1", "= 2"))
    import_references(tree("my_parts.py:Blank"))
    assert sources.get("my_parts.py:Blank").version == 2
    configs.read_run(run / "config.yaml")
    assert sources.get("my_parts.py:Blank").version == 1


def test_a_run_is_resumed_with_the_same_files():
    """Resuming with a file that differs from the copy in the run is refused."""
    import_file(write("my_parts.py", REGISTERED))
    run = make_run("my_parts")
    check_unchanged(run, tree("my_parts"))
    import_file(write("my_parts.py", REGISTERED.replace("= 1", "= 2")))
    with pytest.raises(RunError, match="--resume expects the parts with which the run began"):
        check_unchanged(run, tree("my_parts"))


def test_a_run_without_own_parts_has_no_copies():
    """A run whose config names no file gets no folder of parts."""
    import_references(tree(f"{write('my_parts.py', SOURCE)}:Blank"))
    run = make_run("shapes")
    assert [path.name for path in run.iterdir()] == ["config.yaml"]
