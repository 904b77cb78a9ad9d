"""Bad input → its sentence and exit code; never a traceback, never a half-written run."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lrcn_seq import text
from lrcn_seq.runs.folder import Run
from lrcn_seq.text.word import Word
from lrcn_seq.training import fit, train

RIGHT = """
task: {type: captioning}
data:
  source: {type: caption_table, table: TABLE}
  store: {folder: FOLDER/features}
  words_limit: 6
tokenizer: {type: word, minimum_count: 1}
encoder: {type: tiny_cnn, size: 32, filters: 4, blocks: 2}
decoder: {type: lrcn, layers: 1, factored: false, units: 8, embedding: 4}
search: {type: greedy}
training: {batch_size: 4, epochs: 1}
"""
ROWS = [
    ("1.png", "a red circle", "train"),
    ("2.png", "a blue square", "train"),
    ("3.png", "a red square", "dev"),
    ("4.png", "a crimson dodecahedron", "test"),
]


def begun(folder: Path) -> Path:
    """Fills a folder with four pictures, their table, and a config that is right."""
    for number in range(1, 5):
        Image.fromarray(
            np.random.default_rng(number).integers(0, 255, (40, 40, 3), dtype=np.uint8)
        ).save(folder / f"{number}.png")
    table(folder, ROWS)
    (folder / "config.yaml").write_text(
        RIGHT.replace("TABLE", str(folder / "table.csv")).replace("FOLDER", str(folder))
    )
    return folder


@pytest.fixture
def project(tmp_path):
    """A folder in which nothing is wrong yet."""
    return begun(tmp_path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The same with its run, trained once; tests leave it as it is."""
    folder = begun(tmp_path_factory.mktemp("trained"))
    train(folder / "config.yaml", folder / "run")
    return folder


def table(folder: Path, rows) -> None:
    """Writes the table of captions."""
    (folder / "table.csv").write_text(
        "image,caption,split\n" + "".join(",".join(row) + "\n" for row in rows)
    )


def test_the_project_is_right(trained):
    """What the tables below change is all that is wrong with it: it trains to the end."""
    assert (trained / "run" / "report.html").exists()


def broken_picture(project: Path) -> None:
    (project / "2.png").write_bytes((project / "2.png").read_bytes()[:300])


def empty_caption(project: Path) -> None:
    table(project, [*ROWS[:1], ("2.png", "  ", "train"), *ROWS[2:]])


def no_dev(project: Path) -> None:
    table(project, [row for row in ROWS if row[2] != "dev"])


def no_train(project: Path) -> None:
    table(project, [row for row in ROWS if row[2] != "train"])


def file_in_the_place_of_the_run(project: Path) -> None:
    (project / "run").write_text("a file")


def nothing(project: Path) -> None:
    """The overrides alone are wrong."""


TRAIN = [
    (nothing, ["training.epoch=1"], 2, "training.epoch: unknown key. Did you mean 'epochs'?"),
    (
        nothing,
        ["training.epochs=one", "decoder.units=0"],
        2,
        "decoder.units: expected a number greater than 0. Received: 0.",
    ),
    (
        nothing,
        ["epochs"],
        2,
        "epochs: expected section.key=value. Put quotes around an override that contains spaces.",
    ),
    (
        nothing,
        ["encoder.type=tiny"],
        2,
        "encoder.type: encoders has no 'tiny'. Did you mean 'tiny_cnn'?",
    ),
    (
        nothing,
        ["decoder.vocabulary_size=9"],
        2,
        "decoder.vocabulary_size: the program derives this value from the data; remove it.",
    ),
    (
        nothing,
        ["training.monitor=blue_4"],
        2,
        "training.monitor: expected one of the scores of evaluation.metrics:",
    ),
    (
        nothing,
        ["search.minimum_length=9"],
        2,
        "search: expected a limit of at least minimum_length + 1 words.",
    ),
    (
        nothing,
        ["encoder={type: applications, network: MobileNetV2, size: 32, train: nolayer}"],
        2,
        "encoder: MobileNetV2 has no layer 'nolayer'.",
    ),
    (
        nothing,
        ["data.source.table=absent.csv"],
        1,
        f"absent.csv: expected a table of media and text; there is no such file in {Path.cwd()}.",
    ),
    (
        nothing,
        ["data.source.dev=0.6", "data.source.test=0.5"],
        2,
        "dev and test: expected shares that leave some for training.",
    ),
    (
        nothing,
        ["tokenizer.minimum_count=50"],
        1,
        "no word that is frequent enough; give more sentences or a lower minimum_count.",
    ),
    (
        nothing,
        ["init={run: absent}"],
        1,
        "absent: expected a run with model.weights.h5; there is none.",
    ),
    (
        nothing,
        ["encoder={type: applications, network: MobileNetV2, size: 32, weights: absent.h5}"],
        1,
        "absent.h5: expected the weights of MobileNetV2; there is no such file.",
    ),
    (
        nothing,
        ["training.learning_rate_multipliers={encodr: 0.1}"],
        2,
        "training.learning_rate_multipliers.encodr: no variable that trains has this name",
    ),
    (
        nothing,
        ["decoder={type: lstm_frames}"],
        2,
        "decoder.type: captioning expects a decoder that gives sentences: attention_lstm,",
    ),
    (
        nothing,
        ["data.plan=by_caption", "data.store.use=false"],
        2,
        "data.plan: by_caption needs stored features, but data.store.use is false. Use by_picture",
    ),
    (
        nothing,
        ["evaluation.metrics=[]"],
        2,
        "evaluation.metrics: expected at least one value. Received: [].",
    ),
    (
        nothing,
        ["evaluation.metrics=[{type: bleu}]"],
        2,
        "evaluation.metrics.0: expected a valid string. Received: {'type': 'bleu'}.",
    ),
    (
        nothing,
        ["evaluation.metrics=bleu,cider"],
        2,
        "evaluation.metrics: expected a valid list. Received: 'bleu,cider'. Write a list as [bleu,cider].",
    ),
    (
        nothing,
        ["data.source.table=2024"],
        2,
        """expected a valid string. Received: 2024. Put quotes around a string like this: "2024", in an override '"2024"'.""",
    ),
    (
        nothing,
        ["stages=[{}, {decoder.units: 6}]"],
        2,
        "stages.1.decoder: the weights of the stage before do not fit it.",
    ),
    (broken_picture, [], 1, "2.png: the image is damaged or cut short"),
    (
        broken_picture,
        ["data.on_error=skip"],
        1,
        "1 of 4 files cannot be read, more than the share of 0.02 allowed (data.lost_share_limit).",
    ),
    (lambda project: (project / "3.png").unlink(), [], 1, "3.png: "),
    (empty_caption, [], 1, "row 2: expected a sentence under 'caption'. Received: ''."),
    (no_dev, [], 1, "Expected dev samples"),
    (no_train, [], 1, "train"),
    (file_in_the_place_of_the_run, [], 1, "run: expected to write into the run folder. Received: "),
]


@pytest.mark.parametrize(
    "case",
    TRAIN,
    ids=[f"{damage.__name__}-{'-'.join(overrides)}"[:60] for damage, overrides, _, _ in TRAIN],
)
def test_training_that_cannot_begin(lrcn, project, case):
    """The sentence is on stderr; nothing is left behind but the list of what was skipped, so that the repaired call begins anew."""
    damage, overrides, code, sentence = case
    damage(project)
    called = lrcn("train", project / "config.yaml", *overrides, "--run", project / "run")
    assert called.code == code
    assert called.out == ""
    assert sentence in called.err
    assert "Traceback" not in called.err
    left = (
        {path.name for path in (project / "run").iterdir()} if (project / "run").is_dir() else set()
    )
    assert left <= {"left_out.jsonl"}


def test_after_a_failure_the_repaired_call_begins(lrcn, project):
    """No trace of the failure stands in the way."""
    no_dev(project)
    assert lrcn("train", project / "config.yaml", "--run", project / "run").code == 1
    table(project, ROWS)
    called = lrcn("train", project / "config.yaml", "--run", project / "run")
    assert (called.code, called.out) == (0, f"{project / 'run'}\n")
    assert called.err.startswith("epoch 1/1")


def test_a_run_is_not_trained_over(lrcn, trained):
    """Without --resume, with another config, and while another process works there; it stays byte for byte what it was."""
    run, config = trained / "run", trained / "config.yaml"
    before = {path: path.read_bytes() for path in sorted(run.rglob("*")) if path.is_file()}
    again = lrcn("train", config, "--run", run)
    other = lrcn("train", config, "seed=2", "--run", run, "--resume")
    with Run(run).locked():
        busy = [lrcn("train", config, "--run", run, "--resume"), lrcn("evaluate", run)]
    assert [called.code for called in (again, other, *busy)] == [1] * 4
    assert "a run is here already. Go on with it by --resume" in again.err
    assert (
        "--resume expected the config that the run began with. Received: another (seed: 1 → 2);"
        in other.err
    )
    assert all("another process is working in this run folder" in called.err for called in busy)
    assert {path: path.read_bytes() for path in sorted(run.rglob("*")) if path.is_file()} == before


def test_a_full_disk_while_training(lrcn, project, monkeypatch):
    """The last complete state stays; with room again the run goes on."""
    run, config = project / "run", project / "config.yaml"
    fsync, states = os.fsync, []

    def full(handle: int) -> None:
        if Path(f"/proc/self/fd/{handle}").readlink().name.startswith(".arrays.npz"):
            states.append(handle)
            if len(states) == 2:
                raise OSError(28, "No space left on device")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    called = lrcn("train", config, "training.epochs=2", "--run", run)
    assert called.code == 1
    assert (
        "arrays.npz: expected to write this file. Received: No space left on device" in called.err
    )
    assert (run / "state" / "last").exists()
    monkeypatch.setattr(os, "fsync", fsync)
    assert lrcn("train", config, "training.epochs=2", "--run", run, "--resume").code == 0
    assert len((run / "history.jsonl").read_text().splitlines()) == 2


def test_a_full_disk_while_keeping_weights(lrcn, project, monkeypatch):
    """Is one sentence, too."""

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fit.Task, "save_weights", full)
    called = lrcn("train", project / "config.yaml", "--run", project / "run")
    assert called.code == 1
    assert "expected to write the best weights. Received: " in called.err
    assert "No space left on device" in called.err


@pytest.fixture
def copied(smoke_run, tmp_path):
    """A copy of a trained run."""
    return shutil.copytree(smoke_run, tmp_path / "copy")


def test_an_unknown_word_is_no_error(trained):
    """A word of dev and test that training never showed counts as unknown and is never written."""
    (row,) = map(json.loads, (trained / "run" / "predictions.jsonl").read_text().splitlines())
    assert row["references"] == ["a crimson dodecahedron"]
    assert "<unk>" not in row["caption"]


def absent(run: Path) -> None:
    shutil.rmtree(run)


def without(name: str):
    def damage(run: Path) -> None:
        (run / name).unlink()

    return damage


def other_weights(run: Path) -> None:
    config = (run / "config.yaml").read_text()
    assert "units: 32" in config
    (run / "config.yaml").write_text(config.replace("units: 32", "units: 31"))


def cut_tokenizer(run: Path) -> None:
    (run / "tokenizer.json").write_bytes((run / "tokenizer.json").read_bytes()[:100])


def other_tokenizer(run: Path) -> None:
    text.save(Word(minimum_count=1).fit(["a dog"]), run / "tokenizer.json")


@pytest.mark.parametrize("verb", ["evaluate", "caption"])
@pytest.mark.parametrize(
    "case",
    [
        (absent, "expected a run folder with config.yaml; train one with `lrcn train CONFIG --run"),
        (
            without("config.yaml"),
            "expected a run folder with config.yaml; train one with `lrcn train CONFIG --run",
        ),
        (
            without("model.weights.h5"),
            "no weights are kept here yet; let training reach its first evaluation",
        ),
        (
            without("tokenizer.json"),
            "tokenizer.json: expected the tokenizer of a run; there is no such file.",
        ),
        (cut_tokenizer, "tokenizer.json: expected a tokenizer file"),
        (
            other_tokenizer,
            "tokenizer.json: expected the 30 words of derived.json. Received: 6; this file is of another run.",
        ),
        (other_weights, "model.weights.h5: expected weights of this config's encoder and decoder."),
    ],
    ids=[
        "absent",
        "no_config",
        "no_weights",
        "no_tokenizer",
        "cut_tokenizer",
        "other_tokenizer",
        "other_weights",
    ],
)
def test_a_run_that_is_not_whole(lrcn, copied, verb, case):
    """Is named with what is missing: exit code 1."""
    damage, sentence = case
    damage(copied)
    called = lrcn(verb, copied, *(["picture.png"] if verb == "caption" else []))
    assert (called.code, called.out) == (1, "")
    assert called.err.startswith(f"lrcn {verb}: {copied}")
    assert sentence in called.err
    assert called.err.count("\n") == 1


def test_classes_of_another_run(lrcn, activity_run, tmp_path):
    """Are not taken for those that the classifier learned."""
    run = shutil.copytree(activity_run, tmp_path / "run")
    (run / "labels.json").write_text('["a", "b"]')
    called = lrcn("classify", run, "clip.gif")
    assert called.code == 1
    assert "labels.json: expected the " in called.err
    assert called.err.endswith(
        " labels of derived.json. Received: 2; this file is of another run.\n"
    )


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("history.jsonl", "zzz\n", "expected the epochs, as JSON. Received: Expecting value"),
        ("history.jsonl", "7\n", "expected the epochs, as JSON."),
        ("left_out.jsonl", "zzz\n", "expected what was left out, as JSON."),
        (
            "left_out.jsonl",
            "{}\n",
            "expected what was left out, as JSON. Received: nothing under 'media'; this run is damaged.",
        ),
        ("machine.json", "zzz", "expected the machine of the run, as JSON."),
        ("machine.json", "[]", "expected the machine of the run, as JSON."),
    ],
)
def test_a_run_that_tells_its_story_wrong_keeps_its_scores(lrcn, copied, name, content, sentence):
    """The damaged file is named before anything is written over."""
    (copied / name).write_text(content)
    before = {path: path.stat().st_mtime_ns for path in copied.iterdir() if path.name != ".lock"}
    called = lrcn("evaluate", copied)
    assert (called.code, called.out) == (1, "")
    assert called.err.startswith(f"lrcn evaluate: {copied / name}: {sentence}")
    assert called.err.count("\n") == 1
    assert {
        path: path.stat().st_mtime_ns for path in copied.iterdir() if path.name != ".lock"
    } == before


@pytest.mark.parametrize("name", ["machine.json", "state/*/meta.json"])
def test_a_run_that_cannot_go_on(lrcn, trained, tmp_path, name):
    """The damaged file is named."""
    run = shutil.copytree(trained / "run", tmp_path / "run")
    (damaged,) = run.glob(name)
    damaged.write_text("[]")
    called = lrcn("train", trained / "config.yaml", "--run", run, "--resume")
    assert (called.code, called.out) == (1, "")
    assert called.err.startswith(f"lrcn train: {damaged}: expected ")
    assert called.err.endswith("; this run is damaged.\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--weights", "1,2"],
            "Expected one weight a run, none negative, not all 0. Received: --weights=1.0,2.0 for 1 runs.",
        ),
        (["--weights", "-1"], "Expected one weight a run"),
        (["--weights", "0"], "Expected one weight a run"),
        (["--weights", "nan"], "Expected one weight a run"),
        (["--weights", "inf"], "Expected one weight a run"),
        (
            ["--coco-results", "/proc/absent/results.json"],
            "/proc/absent/results.json: expected a file that can be written.",
        ),
        (["--coco-results", ""], "--coco-results: expected a file. Received: an empty name."),
        (["--coco-results", "/proc"], "/proc: expected a file. Received: a folder."),
    ],
)
def test_evaluations_that_are_wrong(lrcn, smoke_run, arguments, sentence):
    """Exit code 2, and no scores are written over."""
    before = (smoke_run / "scores.json").read_bytes()
    called = lrcn("evaluate", smoke_run, *arguments)
    assert (called.code, called.out) == (2, "")
    assert sentence in called.err
    assert (smoke_run / "scores.json").read_bytes() == before


def test_evaluating_where_nothing_is(lrcn, project, trained):
    """A split without samples is named as such, and what to do."""
    shutil.copytree(trained / "run", project / "run")
    table(project, ROWS[:3])
    config = project / "run" / "config.yaml"
    config.write_text(config.read_text().replace(str(trained), str(project)))
    called = lrcn("evaluate", project / "run", "--split", "test")
    assert called.code == 1
    assert (
        called.err
        == "lrcn evaluate: Expected samples to evaluate on. Received: none in the split test; choose another with --split.\n"
    )


@pytest.mark.parametrize(
    "case",
    [
        (["PICTURES/*.jpeg"], 2, "*.jpeg: no file matches."),
        (["EMPTY"], 2, "empty: expected a folder with files; it is empty."),
        (
            ["PICTURES", "--output", "BROKEN"],
            2,
            "text.jpg: expected the JSON lines of an earlier call.",
        ),
        (
            ["PICTURES", "--output", "EMPTY"],
            2,
            "empty: expected a file that can be written. Received: Is a directory.",
        ),
        (
            ["PICTURES", "--output", "EMPTY/no/o.jsonl"],
            2,
            "o.jsonl: expected a file that can be written. Received: No such file or directory.",
        ),
        (
            ["PICTURES", "--output", "/dev/full"],
            1,
            "/dev/full: expected to write a line. Received: No space left on device",
        ),
    ],
)
def test_captions_that_cannot_be(lrcn, smoke_run, pictures, broken, case):
    """Nothing to caption, or nowhere to write."""
    arguments, code, sentence = case
    empty = pictures.parent / "empty"
    empty.mkdir()
    called = lrcn(
        "caption",
        smoke_run,
        *[
            text.replace("PICTURES", str(pictures))
            .replace("EMPTY", str(empty))
            .replace("BROKEN", str(broken["text"]))
            for text in arguments
        ],
    )
    assert called.code == code
    assert called.out == ""
    assert sentence in called.err
    assert called.err.count("\n") == 1
    assert broken["text"].read_bytes() == b"hello, I am a text\n"


def test_a_failure_in_a_process_of_its_own(project):
    """Exit code and one sentence, as a shell sees them."""
    no_dev(project)
    command = [
        sys.executable,
        "-m",
        "lrcn_seq",
        "train",
        project / "config.yaml",
        "--run",
        project / "run",
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("lrcn train: Expected dev samples")
    assert result.stderr.count("\n") == 1
    assert not (project / "run").exists()
