"""The documentation: code runs, commands parse, and files and links exist."""

import importlib
import importlib.util
import json
import re
import runpy
import shlex
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
from PIL import Image

from lrcn_seq import config, metrics
from lrcn_seq import registry as registries
from lrcn_seq.cli import verb_parser, verbs
from lrcn_seq.data.sources.shapes import Drawing
from lrcn_seq.records import Clips
from lrcn_seq.training.user_callbacks import build_callbacks
from tests.test_architecture import LEVELS

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = (
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"),
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")),
)
LANGUAGES = {"python", "sh", "text", "toml", "yaml"}
CAPTIONER, STREAM, SCORES = 'load("runs/mine")', "initial_stream_state", "CiderReward"
PART, KERAS, HUB = "class MeanColors", "keras.saving.load_model", "lrcn_seq.push"
"""A line of each Python block that a test of its own executes; for HUB, see test_hub.py."""
USER_FILES = {
    "my/clips/index.csv": "a file of the reader",
    "my/clips/running/": "a folder of the reader",
    "my/clips/jumping/": "a folder of the reader",
    "index.csv": "a file of the reader",
    "runs/demo/report.html": "written by `make demo`",
    "runs/activity/report.html": "written by the tutorial",
    "runs/description/report.html": "written by the tutorial",
    "runs/mine/report.html": "written by the tutorial",
    ".venv/bin": "made by `make`",
    "left_out.jsonl": "written only if files cannot be read",
    "mean_colors.py": "the example of a part",
    "captioning.yaml": "written by `lrcn init captioning`",
    "tagging.yaml": "the example of a package",
    "parts/": "written only with parts of the user",
    "base.py": "a file of several packages",
    "contents.jsonl": "written beside the feature store",
    ".cache/features": "the folder of stored features",
    "val2014/x.jpg": "the name of an image in an annotation file",
    "val/1.jpg": "the name of an image",
    "photos/val/1.jpg": "the path of an image",
    "log.csv": "written by the callback CSVLogger",
    "artifact.json": "written by `lrcn export`",
    "run.py": "written by `lrcn export`",
    "saved_model/": "written by `lrcn export`",
}
"""Names of files that do not exist, with the reason."""
FILE_SUFFIXES = (".py", ".md", ".yaml", ".toml", ".txt", ".json", ".jsonl", ".html", ".h5", ".csv")

each_document = pytest.mark.parametrize("name", DOCUMENTS)


class Block(NamedTuple):
    """A fenced code block with its language and its text."""

    language: str
    text: str


def text_of(name: str) -> str:
    """Return the text of a document."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str = "") -> list[Block]:
    """Return the code blocks of a document, optionally only those of one language."""
    found = [
        Block(*match.groups())
        for match in re.finditer(r"(?ms)^```(\w*)\n(.*?)^```$", text_of(name))
    ]
    return [block for block in found if language in ("", block.language)]


def inline_code(name: str) -> list[str]:
    """Return the code in backticks outside of code blocks."""
    prose = re.sub(r"(?ms)^```.*?^```$", "", text_of(name))
    return re.findall(r"`([^`]+)`", prose)


def shell_lines(name: str) -> list[list[str]]:
    """Return the arguments of each command in the shell blocks of a document."""
    lines = [
        line
        for block in blocks(name, "sh")
        for line in block.text.replace("\\\n", " ").splitlines()
    ]
    return [shlex.split(line, comments=True) for line in lines]


def lrcn_calls(name: str) -> list[list[str]]:
    """Return the arguments of each `lrcn` call in the code blocks and sentences of a document."""
    inline = [shlex.split(code) for code in inline_code(name)]
    calls = [call for call in (*shell_lines(name), *inline) if call[:1] == ["lrcn"]]
    return [call[1:] for call in calls if len(call) > 1]


def parse(arguments: list[str]) -> None:
    """Parse a call of `lrcn` and validate its config if the repository contains the config."""
    verb, *rest = arguments
    parser = verb_parser(verb, importlib.import_module(f"lrcn_seq.cli.{verb}"))
    parsed = parser.parse_intermixed_args(rest)
    path = getattr(parsed, "config", "")
    if path.startswith("configs/") or path in config.shipped_names():
        config.read(path, parsed.overrides)


def python_block(marker: str) -> str:
    """Return the only Python block of the documents that contains the given text."""
    (block,) = (
        block.text for name in DOCUMENTS for block in blocks(name, "python") if marker in block.text
    )
    return block


def execute(code: str) -> dict[str, Any]:
    """Execute code and return its variables."""
    variables: dict[str, Any] = {"__name__": "document"}
    exec(compile(code, "<document>", "exec"), variables)
    return variables


@each_document
def test_code_blocks_have_a_tested_language(name):
    """The code blocks of a document are closed and have a language for which tests exist."""
    languages = [block.language for block in blocks(name)]
    assert set(languages) <= LANGUAGES
    assert text_of(name).count("```") == 2 * len(languages)


def test_every_python_block_is_executed():
    """Every Python block of the documents is run by a test or belongs to the example package."""
    found = [block.text for name in DOCUMENTS for block in blocks(name, "python")]
    executed = [python_block(marker) for marker in (CAPTIONER, STREAM, SCORES, PART, KERAS, HUB)]
    assert sorted(found) == sorted([*executed, *package_blocks()])


def test_the_readme_is_short():
    """The README has at most 150 lines."""
    assert len(text_of("README.md").splitlines()) <= 150


@each_document
def test_lines_have_at_most_100_columns(name):
    """The lines of a document have at most 100 columns, except the rows of tables."""
    lines = text_of(name).splitlines()
    assert [line for line in lines if len(line) > 100 and not line.lstrip().startswith("|")] == []


@each_document
def test_calls_of_lrcn_parse(name, capsys):
    """The commands, options and configs of all documented calls of `lrcn` exist."""
    for call in lrcn_calls(name):
        assert call[0] in verbs()
        if len(call) > 1:
            parse(call)
    assert "deprecated" not in capsys.readouterr().err


def test_calls_of_lrcn_are_found():
    """More than 50 calls of `lrcn` are found in the code blocks and sentences of the documents."""
    assert sum(len(lrcn_calls(name)) for name in DOCUMENTS) > 50


@each_document
def test_other_commands_exist(name):
    """The make targets, scripts and extras that a document names exist."""
    calls = [*shell_lines(name), *(code.split() for code in inline_code(name))]
    targets = re.findall(r"(?m)^([\w-]+):", text_of("Makefile"))
    extras = tomllib.loads(text_of("pyproject.toml"))["project"]["optional-dependencies"]
    for program, *arguments in filter(None, calls):
        if program == "make" and arguments:
            assert arguments[0] in targets
        if program.endswith("python") and arguments[0] != "-m":
            assert (ROOT / arguments[0]).is_file(), arguments[0]
        if program == "pip" and (extra := re.search(r"\[(\w+)\]", arguments[-1])):
            assert extra[1] in extras


def test_the_call_of_cross_validation_parses():
    """The documented call of tools/folds.py has valid options and a valid config."""
    lines = shell_lines("docs/activity.md")
    (arguments,) = (call[2:] for call in lines if "tools/folds.py" in call)
    parser = runpy.run_path(str(ROOT / "tools" / "folds.py"))["make_parser"]()
    parsed = parser.parse_intermixed_args(arguments)
    assert parsed.folds == 5
    assert config.read(ROOT / parsed.config, parsed.overrides).data.source["folder"] == "my/clips"


def test_every_command_is_in_the_readme():
    """The README shows a call of every command."""
    assert set(verbs()) == {call[0] for call in lrcn_calls("README.md")}


@each_document
def test_links_lead_to_files(name):
    """Relative links in a document lead to existing files."""
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", text_of(name))
    assert [link for link in links if not ((ROOT / name).parent / link).is_file()] == []


@each_document
def test_named_files_exist(name, smoke_run, activity_run):
    """Files in backticks exist in the repository, in the package or in a run folder."""
    paths = {
        code
        for code in inline_code(name)
        if re.fullmatch(r"[\w./-]+", code) and ("/" in code or code.endswith(FILE_SUFFIXES))
    }
    folders = (ROOT, ROOT / "lrcn_seq", smoke_run, activity_run)
    missing = {path for path in paths if not any((folder / path).exists() for folder in folders)}
    assert missing - set(USER_FILES) == set()


def test_the_run_folder_is_described_completely(smoke_run):
    """The page docs/training.md names every visible file of a run folder."""
    named = {code.rstrip("/") for code in inline_code("docs/training.md")}
    assert {path.name for path in smoke_run.iterdir() if path.name[0] != "."} <= named


def test_documented_sections_are_valid():
    """The YAML blocks of docs/training.md are valid in a config."""
    base = config.read_mapping(ROOT / "configs" / "captioning" / "own_table.yaml")
    epochs = []
    for block in blocks("docs/training.md", "yaml"):
        sections = config.parse(block.text, "training.md")
        stages = config.stage_configs(config.validate({**base, **sections}))
        epochs.append(stages[1].training.epochs)
    assert epochs == [5, 10]


def test_the_captioner_is_used_from_python(smoke_run, tmp_path, monkeypatch, capsys):
    """The README's captioning example loads a run, captions an image and builds a network."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "mine").symlink_to(smoke_run)
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    (tmp_path / "my").mkdir()
    Image.fromarray(Drawing(1, "test", 0, 48).draw()[0]).save(tmp_path / "my" / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    variables = execute(python_block(CAPTIONER))
    caption, bleu = capsys.readouterr().out.splitlines()
    assert caption == variables["prediction"].captions[0].text
    assert 0 < float(bleu) < 1
    assert isinstance(variables["model"], keras.Model)
    assert variables["model"].decoder.output_words.units == 8801


def test_a_task_is_trained_in_keras(tmp_path, monkeypatch, capsys):
    """The script of docs/keras.md builds, fits, saves, loads and exports in at most 15 lines."""
    rows = ["image,caption,split"]
    for number, split in enumerate(["train"] * 6 + ["dev"] * 2):
        drawing = Drawing(1, split, number, 32)
        Image.fromarray(drawing.draw()[0]).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,a red square,{split}")
    (tmp_path / "captions.csv").write_text("\n".join(rows))
    Image.fromarray(Drawing(1, "test", 0, 48).draw()[0]).save(tmp_path / "photo.jpg")
    tree = config.read_mapping(ROOT / "configs" / "smoke" / "captioning.yaml")
    tree["data"]["source"] = {"type": "caption_table", "table": ""}
    tree["search"] = {"type": "greedy"}
    (tmp_path / "captioning.yaml").write_text(json.dumps(tree))
    monkeypatch.chdir(tmp_path)
    code = python_block(KERAS)
    variables = execute(code)
    assert len([line for line in code.splitlines() if line]) <= 15
    text = variables["task"].predict("photo.jpg").captions[0].text
    assert text in capsys.readouterr().out.splitlines()
    assert (tmp_path / "exported" / "saved_model.pb").is_file()


def test_callbacks_in_the_documentation_exist(tmp_path):
    """The callbacks of docs/keras.md are valid in a config and exist in Keras."""
    (block,) = blocks("docs/keras.md", "yaml")
    specs = config.parse(block.text, "docs/keras.md")["training"]["callbacks"]
    base = config.read_mapping(ROOT / "configs" / "smoke" / "captioning.yaml")
    base["training"]["callbacks"] = specs
    assert config.validate(base).training.callbacks == specs
    assert build_callbacks([spec for spec in specs if spec != "TensorBoard"], tmp_path)


def test_a_stream_of_frames_is_classified(activity_run, tmp_path, monkeypatch):
    """The documented streaming example gives the class probabilities of the whole clip."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "activity").symlink_to(activity_run)
    monkeypatch.chdir(tmp_path)
    variables = execute(python_block(STREAM))
    frames = np.concatenate(variables["pieces"])
    task = variables["task"]
    whole, _ = task.probabilities(Clips(frames, np.arange(len(frames), dtype=np.int32)[None]))
    assert variables["at_frame"].shape == (8, len(task.labels))
    np.testing.assert_allclose(variables["at_frame"], whole[0, 8:], atol=1e-5)
    np.testing.assert_allclose(variables["so_far"][-1], whole[0].mean(axis=0), atol=1e-5)


def test_captions_are_scored_from_python(tmp_path, monkeypatch, capsys):
    """The documented metrics example computes scores, document frequencies and rewards."""
    monkeypatch.chdir(tmp_path)
    variables = execute(python_block(SCORES))
    output = capsys.readouterr().out.splitlines()
    values = variables["report"].values
    assert set(values) == {"bleu_1", "bleu_2", "bleu_3", "bleu_4", "cider"}
    # All five words match; the references have six words.
    assert values["bleu_1"] == pytest.approx(np.exp(1 - 6 / 5))
    assert (tmp_path / "train.npz").is_file()
    systems = {name: variables[name] for name in ("ours", "theirs")}
    assert len(output) == 2 + len(metrics.paired(systems, variables["references"]))
    assert variables["rewards"].shape == (2,)
    assert variables["rewards"][0] > variables["rewards"][1] > 0


@pytest.fixture
def mean_colors(tmp_path, monkeypatch) -> Iterator[ModuleType]:
    """Return the module of the documented example part, registered until the test ends."""
    parts = registries.encoders._parts
    monkeypatch.setattr(registries.encoders, "_parts", dict(parts))
    path = tmp_path / "mean_colors.py"
    path.write_text(python_block(PART), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("mean_colors", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "mean_colors", module)
    spec.loader.exec_module(module)
    yield module


def test_a_part_of_your_own_is_registered(mean_colors, lrcn, smoke_config):
    """The documented example part is registered under the name of its file."""
    spec = "encoder={type: mean_colors, size: 32, cells: 8}"
    result = lrcn("check", smoke_config, spec)
    assert result.code == 0, result.err
    result = lrcn("check", smoke_config, "encoder={type: mean_colors, cels: 8}")
    assert result.code == 2
    assert "Did you mean 'cells'?" in result.err


def test_a_part_of_your_own_computes_features(mean_colors):
    """The documented example part computes the mean color of each grid cell, from −1 to 1."""
    encoder = registries.encoders.build({"type": "mean_colors", "size": 8, "cells": 2})
    frames = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    means = frames.reshape(3, 2, 4, 2, 4, 3).mean(axis=(2, 4)).reshape(3, 4, 3) / 127.5 - 1
    np.testing.assert_allclose(encoder.encode_frames(frames), means, atol=1e-5)


def package_blocks() -> list[str]:
    """Return the Python blocks of the example package in docs/extending.md."""
    _, *package = blocks("docs/extending.md", "python")
    return [block.text for block in package]


def package_files() -> dict[str, str]:
    """Return the files of the example package in docs/extending.md by path."""
    files: dict[str, str] = {"shape_tags/__init__.py": ""}
    for text in package_blocks():
        if header := re.match(r"# (\S+\.py)\n", text):
            files[path := header[1]] = ""
        files[path] += f"\n\n{text}"
    for language, path in (("toml", "pyproject.toml"), ("yaml", "tagging.yaml")):
        (block,) = blocks("docs/extending.md", language)
        files[path] = block.text
    return files


@pytest.fixture
def shape_tags(tmp_path, monkeypatch) -> Iterator[Path]:
    """Install the example package of docs/extending.md until the test ends; return its folder."""
    project = tmp_path / "shape_tags"
    for path, text in package_files().items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text, encoding="utf-8")
    settings = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    # Like an editable installation, put the folder and its metadata on the path.
    metadata = project / f"shape_tags-{settings['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: shape-tags\nVersion: 0.1.0\n")
    groups = settings["entry-points"].items()
    lines = [line for group, points in groups for line in (f"[{group}]", *entries(points))]
    (metadata / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(project)
    monkeypatch.chdir(tmp_path)
    for registry in (registries.tasks, registries.sources):
        monkeypatch.setattr(registry, "_parts", dict(registry._parts))
    registries.plugins.cache_clear()
    yield tmp_path
    registries.plugins.cache_clear()
    for module in [name for name in sys.modules if name.partition(".")[0] == "shape_tags"]:
        del sys.modules[module]


def entries(points: dict[str, str]) -> list[str]:
    """Return entry points as lines of a metadata file."""
    return [f"{name} = {value}" for name, value in points.items()]


def test_the_files_of_the_page_are_those_of_its_tree():
    """The code blocks of docs/extending.md contain all files of its package tree."""
    (tree,) = blocks("docs/extending.md", "text")
    files = package_files()
    assert {Path(path).name for path in files} == set(re.findall(r"\w+\.\w+", tree.text))
    assert all(len(line) <= 100 for text in files.values() for line in text.splitlines())


@pytest.mark.timeout(600)
def test_a_task_of_your_own_runs(shape_tags, lrcn):
    """The commands in docs/extending.md run without errors."""
    Image.fromarray(Drawing(1, "test", 0, 32).draw()[0]).save(shape_tags / "photo.png")
    calls = [call[1:] for call in shell_lines("docs/extending.md") if call[0] == "lrcn"]
    small = ["training.epochs=1", "data.source.train=40", "data.source.dev=6", "data.source.test=6"]
    outputs = {}
    for call in calls:
        result = lrcn(*call, *(small if call[0] == "train" else []))
        assert result.code == 0, (call, result.err)
        assert "deprecated" not in result.err
        outputs[call[0]] = result.out
    assert [call[0] for call in calls] == [
        "parts",
        "check",
        "train",
        "train",
        "evaluate",
        "predict",
    ]
    assert "tagging" in outputs["parts"]
    assert "200 train, 20 dev, 20 test" in outputs["check"]
    assert "f1|micro|threshold:0.5" in outputs["evaluate"]
    assert "tags per image." in outputs["evaluate"]
    (prediction,) = json.loads(outputs["predict"])["results"]
    assert prediction["file"] == "photo.png"
    run = shape_tags / "runs" / "tagging"
    assert set(prediction["tags"]) <= set(json.loads((run / "labels.json").read_text()))
    assert '<section id="tags">' in (run / "report.html").read_text()
    assert len((run / "history.jsonl").read_text().splitlines()) == 1


def test_a_task_of_your_own_reports_problems(shape_tags, lrcn):
    """The example task in docs/extending.md refuses frame sampling."""
    result = lrcn("check", "shape_tags/tagging.yaml", "data.sampling={type: every}")
    assert result.code == 2
    assert "data.sampling: tagging reads images. Remove it." in result.err


def level_rows() -> dict[str, int]:
    """Return the level of each package in the table of CONTRIBUTING.md."""
    rows = re.findall(r"(?m)^\| (\d) \| ([\w, ]+) \|", text_of("CONTRIBUTING.md"))
    return {name: int(level) for level, names in rows for name in names.split(", ")}


def test_the_levels_are_those_of_the_architecture_test():
    """The table of import levels lists every package of the library at its level."""
    packages = {
        path.stem for path in (ROOT / "lrcn_seq").iterdir() if path.is_dir() or path.suffix == ".py"
    }
    packages -= {"__init__", "__main__", "__pycache__"}
    assert level_rows() == {name: LEVELS[name] for name in packages}


def test_the_tree_lists_every_package():
    """The tree in CONTRIBUTING.md has one line for each package."""
    _, tree = blocks("CONTRIBUTING.md", "text")
    names = re.findall(r"(?m)^ *([\w.]+)(?:/| )", tree.text)
    library = ROOT / "lrcn_seq"
    wanted = {path.parent.name for path in library.glob("*/__init__.py")}
    wanted |= {path.parent.name for path in library.glob("data/*/__init__.py")}
    wanted |= {path.name for path in library.glob("[a-z]*.py")}
    top = {"lrcn_seq", "configs", "tools", "docs", "examples", "tests"}
    assert sorted(names) == sorted(wanted | top)
