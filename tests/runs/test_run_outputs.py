"""The vocabulary or classes of a run: learned when the run begins, read from its folder later."""

import json
from pathlib import Path

import pytest

from lrcn_seq import config
from lrcn_seq.data.media import ContentIndex
from lrcn_seq.errors import DataError, RunError
from lrcn_seq.records import Sample
from lrcn_seq.runs import Run
from lrcn_seq.runs.corpus import Corpus
from lrcn_seq.runs.run_outputs import check_samples, prepare_outputs, read_derived, read_outputs
from lrcn_seq.runs.state import Position, TrainingState


def make_config(task: str):
    """Return a captioning or activity recognition config."""
    captioning = task == "captioning"
    return config.validate(
        {
            "task": {"type": task},
            "data": {
                "source": {"type": "shapes"},
                **({} if captioning else {"sampling": {"type": "every"}}),
            },
            "tokenizer": {"type": "word", "minimum_count": 1},
            "encoder": {"type": "tiny_cnn"},
            "decoder": {"type": "lrcn" if captioning else "lstm_frames"},
        }
    )


def make_corpus(folder: Path, *labels: str, caption="a red dog") -> Corpus:
    """Return a corpus with a training sample per label, one dev sample and one test sample."""
    path = folder / "image.png"
    path.write_bytes(b"content")
    training = [
        Sample(str(number), str(path), str(number), "train", (caption,), label)
        for number, label in enumerate(labels)
    ]
    others = {
        split: [Sample(split, str(path), split, split, ("a blue cat",), labels[0])]
        for split in ("dev", "test")
    }
    return Corpus({"train": training, **others}, (), ContentIndex())


CAPTIONING, ACTIVITY = make_config("captioning"), make_config("activity")


@pytest.fixture
def run(tmp_path) -> Run:
    """Return a run in an empty folder."""
    (tmp_path / "run").mkdir()
    return Run(tmp_path / "run")


def begin(run: Run) -> None:
    """Write the first training state of a run."""
    run.states.write(TrainingState({}, Position(number=1), []))


def test_the_words_of_a_run_are_those_of_its_training_captions(tmp_path, run):
    """The vocabulary of a new run consists of special words and words of training captions."""
    outputs = prepare_outputs(run, CAPTIONING, make_corpus(tmp_path, "x", "y"))
    assert list(outputs.names[4:]) == sorted(["a", "dog", "red"])
    assert {path.name for path in run.folder.iterdir()} == {"derived.json", "tokenizer.json"}


def test_the_classes_of_a_run_are_those_of_all_its_samples(tmp_path, run):
    """The classes of a new run are the sorted labels of all its samples."""
    outputs = prepare_outputs(run, ACTIVITY, make_corpus(tmp_path, "run", "jump", "run"))
    assert list(outputs.names) == ["jump", "run"]
    assert {path.name for path in run.folder.iterdir()} == {"derived.json", "labels.json"}


def test_the_number_of_outputs_and_the_samples_are_recorded(tmp_path, run):
    """`derived.json` records the number of words and the fingerprint of the samples."""
    corpus = make_corpus(tmp_path, "x", "y")
    prepare_outputs(run, CAPTIONING, corpus)
    derived = json.loads((run / "derived.json").read_text())
    assert derived == {"words": 7, "samples": corpus.fingerprint}
    assert read_derived(run.folder, CAPTIONING) == derived


def test_outputs_are_read_back(tmp_path, run):
    """The classes that are read from a run folder equal the classes that the run learned."""
    outputs = prepare_outputs(run, ACTIVITY, make_corpus(tmp_path, "a", "b"))
    assert list(read_outputs(run.folder, ACTIVITY).names) == list(outputs.names)


def test_a_resumed_run_keeps_its_outputs(tmp_path, run):
    """A resumed run reads its classes from the folder instead of learning them again."""
    corpus = make_corpus(tmp_path, "a", "b")
    prepare_outputs(run, ACTIVITY, corpus)
    begin(run)
    (run / "labels.json").write_text('["b", "a"]')
    assert list(prepare_outputs(run, ACTIVITY, corpus).names) == ["b", "a"]


def test_a_resumed_run_needs_its_samples(tmp_path, run):
    """Resuming a run with changed samples raises an error with the numbers of samples."""
    prepare_outputs(run, CAPTIONING, make_corpus(tmp_path, "a", "b"))
    begin(run)
    message = r"expects the samples with which the run began\. Received: 2 train and 1 dev samples"
    with pytest.raises(RunError, match=message):
        prepare_outputs(run, CAPTIONING, make_corpus(tmp_path, "a", "b", caption="a dog"))


def test_runs_without_a_fingerprint_accept_all_samples(tmp_path, run):
    """A run that recorded no fingerprint of its samples accepts any samples."""
    (run / "derived.json").write_text('{"words": 7}')
    check_samples(run, CAPTIONING, make_corpus(tmp_path, "a"))


def test_samples_of_one_class_leave_no_files(tmp_path, run):
    """Training samples of a single class raise an error and leave no files."""
    with pytest.raises(DataError, match="at least two classes"):
        prepare_outputs(run, ACTIVITY, make_corpus(tmp_path, "a", "a"))
    assert list(run.folder.iterdir()) == []


def test_outputs_of_another_run_are_an_error(tmp_path, run):
    """A list of classes whose length differs from `derived.json` raises a RunError."""
    prepare_outputs(run, ACTIVITY, make_corpus(tmp_path, "a", "b"))
    (run / "labels.json").write_text('["a", "b", "c"]')
    message = r"labels\.json: expected the 2 labels of derived\.json\. Received: 3"
    with pytest.raises(RunError, match=message):
        read_outputs(run.folder, ACTIVITY)


@pytest.mark.parametrize("content", ["{", "[]", '{"labels": 2}', '{"words": "many"}', None])
def test_a_damaged_record_is_an_error(run, content):
    """A damaged or missing `derived.json` raises an error with its expected content."""
    if content is not None:
        (run / "derived.json").write_text(content)
    with pytest.raises(RunError, match=r"derived\.json: expected the number of words as JSON"):
        read_derived(run.folder, CAPTIONING)
