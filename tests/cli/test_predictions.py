"""The prediction loop of the commands, tested with a task that needs no network."""

import argparse
import json
from typing import NamedTuple

import pytest

import lrcn_seq
from lrcn_seq.cli._output import JsonLines, open_output
from lrcn_seq.cli._predictions import predict_files, predict_in_batches
from lrcn_seq.errors import UsageError


class Tags(NamedTuple):
    """A prediction of a task that another package defines."""

    file: str
    tags: tuple[str, ...] = ()
    error: str | None = None

    def row(self):
        return {"file": self.file, "error": self.error} if self.error else self._asdict()

    def lines(self):
        return list(self.tags)


class Tagger:
    """A task that tags a file with its stem and the stem's length, and fails for `bad` files."""

    name, verb, predict_batch_size = "tagging", "predict", 2

    def __init__(self):
        self.batches = []

    def predict(self, files, on_error="record"):
        assert on_error == "record"
        self.batches.append(list(files))
        for file in files:
            stem = file.rpartition("/")[2].partition(".")[0]
            if stem == "bad":
                yield Tags(file, error="expected a file. Received: a bad one.")
            else:
                yield Tags(file, (stem, str(len(stem))))

    def json_object(self, rows):
        return {"alphabet": "abc", "results": rows}


@pytest.fixture
def task(monkeypatch) -> Tagger:
    """Return a stand-in for the task that is loaded from a run folder."""
    task = Tagger()
    monkeypatch.setitem(vars(lrcn_seq), "load", lambda folder: task)
    monkeypatch.setattr("lrcn_seq.runs.folder.check_trained", lambda folder: None)
    return task


@pytest.fixture
def predict(lrcn, task):
    """Return a function that calls `lrcn predict RUN ...`."""
    return lambda *arguments: lrcn("predict", "RUN", *arguments)


def test_lines_of_one_file_are_printed_alone(predict):
    """The result lines of a single file are printed without the file name."""
    assert predict("ab.x") == (0, "ab\n2\n", "")


def test_lines_of_several_files_follow_the_file_name(predict):
    """With several files, each result line begins with the file name and a tab."""
    assert predict("ab.x", "c.x").out == "ab.x\tab\nab.x\t2\nc.x\tc\nc.x\t1\n"


def test_file_name_can_be_shown_for_a_single_file(task, capsys):
    """With `show_file`, each result line of a single file begins with the file name."""
    arguments = argparse.Namespace(run="RUN", output=None, json=False, explain=None)
    code = predict_files(
        arguments,
        ["ab.x"],
        lambda task, files, output: task.predict(files),
        verb="predict",
        show_file=True,
    )
    assert code == 0
    assert capsys.readouterr().out == "ab.x\tab\nab.x\t2\n"


def test_json_is_one_object_with_the_header_of_the_task(predict):
    """JSON output is one object with the header of the task and a row per file, in order."""
    result = predict("ab.x", "c.x", "--json")
    assert result.out.count("\n") == 1
    assert json.loads(result.out) == {
        "alphabet": "abc",
        "results": [
            {"file": "ab.x", "tags": ["ab", "2"], "error": None},
            {"file": "c.x", "tags": ["c", "1"], "error": None},
        ],
    }


def test_failed_file_does_not_stop_the_others(predict):
    """A failed file is reported on stderr without stopping the others, and the exit code is 1."""
    assert predict("bad.x", "c.x") == (
        1,
        "c.x\tc\nc.x\t1\n",
        "lrcn predict: bad.x: expected a file. Received: a bad one.\n",
    )


def test_failed_file_has_a_row_with_its_error(predict):
    """In JSON output, the row of a failed file has the error message."""
    result = predict("bad.x", "c.x", "--json")
    assert result.code == 1
    first, second = json.loads(result.out)["results"]
    assert first == {"file": "bad.x", "error": "expected a file. Received: a bad one."}
    assert second["file"] == "c.x"


def test_files_are_predicted_in_batches_of_the_task(predict, task):
    """Files are predicted in batches of the task's batch size; the last batch may be smaller."""
    predict("a", "b", "c", "d", "e")
    assert task.batches == [["a", "b"], ["c", "d"], ["e"]]


def test_output_holds_the_rows(predict, tmp_path):
    """The output file has one line per file, including failed files."""
    predict("c.x", "bad.x", "--output", tmp_path / "o")
    rows = [json.loads(line) for line in (tmp_path / "o").read_text().splitlines()]
    assert [row["file"] for row in rows] == ["c.x", "bad.x"]
    assert rows[0]["tags"] == ["c", "1"]


def test_finished_files_are_skipped(predict, task, tmp_path):
    """A repeated call skips finished files and predicts failed files again."""
    predict("c.x", "bad.x", "--output", tmp_path / "o")
    task.batches.clear()
    result = predict("a.x", "c.x", "bad.x", "--output", tmp_path / "o")
    assert task.batches == [["a.x", "bad.x"]]
    assert "skipping 1 of 3 files" in result.err


def test_nothing_left_to_do_is_a_success(predict, task, tmp_path):
    """A call whose files are all finished succeeds, and its JSON output has no results."""
    predict("c.x", "--output", tmp_path / "o")
    result = predict("c.x", "--output", tmp_path / "o", "--json")
    assert result.code == 0
    assert json.loads(result.out)["results"] == []


def test_interrupted_batch_keeps_its_finished_files(predict, task, tmp_path, monkeypatch):
    """If a batch is interrupted, the rows of its finished files are kept."""

    def interrupted(files, on_error):
        yield Tags(files[0], ("x",))
        raise KeyboardInterrupt

    monkeypatch.setattr(task, "predict", interrupted)
    assert predict("a", "b", "--output", tmp_path / "o").code == 130
    (line,) = (tmp_path / "o").read_text().splitlines()
    assert json.loads(line)["file"] == "a"


@pytest.mark.parametrize("verb", ["caption", "describe", "classify"])
def test_special_verb_refuses_a_run_of_another_task(lrcn, task, verb, tmp_path):
    """The command of one task refuses a run of another task and names the right command."""
    (tmp_path / "a.x").touch()
    assert lrcn(verb, "RUN", tmp_path / "a.x") == (
        2,
        "",
        f"lrcn {verb}: RUN: expected a run for `lrcn {verb}`. Received: a run of the task "
        "tagging; use `lrcn predict`.\n",
    )


def test_general_verb_accepts_a_run_with_a_verb_of_its_own(predict, task, monkeypatch):
    """`lrcn predict` accepts a run of a task that has its own command."""
    monkeypatch.setattr(task, "verb", "classify")
    assert predict("ab.x").code == 0


def test_row_is_written_before_its_prediction_is_passed_on(tmp_path):
    """Each row is written to the output file before its prediction is yielded."""
    with open_output(str(tmp_path / "o")) as output:
        predictions = predict_in_batches(
            ["a", "b"], output, Tagger().predict, batch_size=1, title="tagging"
        )
        assert next(iter(predictions)).file == "a"
        (line,) = (tmp_path / "o").read_text().splitlines()
    assert json.loads(line)["file"] == "a"


def test_unknown_files_fail_before_the_run_is_loaded(lrcn, monkeypatch):
    """A glob without matches is reported before the run is loaded, which takes seconds."""
    monkeypatch.setitem(vars(lrcn_seq), "load", lambda folder: pytest.fail("loaded"))
    assert lrcn("predict", "RUN", "*.absent").err == "lrcn predict: *.absent: no file matches.\n"


def test_unfinished_training_is_noted(predict, monkeypatch):
    """The run is checked for an unfinished training before its predictions."""
    noted = []
    monkeypatch.setattr(
        "lrcn_seq.runs.unfinished_training.note_unfinished",
        lambda folder: noted.append(str(folder)),
    )
    assert predict("a.x").code == 0
    assert noted == ["RUN"]


def test_progress_counts_files(monkeypatch):
    """The number of finished files is reported after each batch."""
    reports = []

    class Bar:
        def __init__(self, title):
            self.title = title

        def __enter__(self):
            return lambda done, total: reports.append((self.title, done, total))

        def __exit__(self, *error):
            return None

    monkeypatch.setattr("lrcn_seq.cli._predictions.progress_bar", Bar)
    predictions = predict_in_batches(
        ["a", "b", "c"], JsonLines("", None), Tagger().predict, batch_size=2, title="tagging"
    )
    assert [prediction.file for prediction in predictions] == ["a", "b", "c"]
    assert reports == [("tagging", 2, 3), ("tagging", 3, 3)]


def test_errors_of_the_call_pass(task, monkeypatch):
    """An error that concerns the whole call is not attributed to a file."""

    def refuse(files):
        raise UsageError("wrong call")

    monkeypatch.setattr(task, "predict", refuse)
    with pytest.raises(UsageError, match="wrong call"):
        list(
            predict_in_batches(
                ["a"], JsonLines("", None), task.predict, batch_size=1, title="tagging"
            )
        )
