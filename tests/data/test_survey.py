"""The pass that opens every file once."""

import errno
import json

import pytest
from PIL import Image

from lrcn_seq.data import survey as module
from lrcn_seq.data.contents import Contents
from lrcn_seq.data.sources.shapes import Shapes
from lrcn_seq.data.survey import survey
from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.records import Sample


@pytest.fixture
def samples(photos):
    """Twelve samples, of which the fourth is cut short and the ninth is gone."""
    photos[3].write_bytes(photos[3].read_bytes()[:-30])
    photos[8].unlink()
    return [Sample(path.name, str(path), path.name, "train", ("a",)) for path in photos]


def test_good_files_all_pass(photos):
    """Nothing is lost, and progress is told to the end."""
    samples = [Sample(path.name, str(path), path.name, "train") for path in photos]
    told = []
    assert survey(samples, progress=lambda done, total: told.append((done, total))) == samples
    assert told == [(number, 12) for number in range(1, 13)]


def test_one_bad_file_stops_the_run(samples):
    """The first is named with its reason, the others are counted, and what to do is said."""
    with pytest.raises(
        DataError,
        match=r"photo03.jpg: the picture is damaged.* \(1 more cannot be read either.\) Repair or remove it, or set data.on_error to skip",
    ):
        survey(samples)


def test_skipping_leaves_out_and_lists_what_was_left_out(samples, tmp_path):
    """The others remain in order; the list gives id, media and reason."""
    report = tmp_path / "out" / "lost.jsonl"
    kept = survey(samples, on_error="skip", most_lost=0.2, report=report)
    assert [sample.id for sample in kept] == [
        sample.id for number, sample in enumerate(samples) if number not in (3, 8)
    ]
    losses = [json.loads(line) for line in report.read_text().splitlines()]
    assert [loss["id"] for loss in losses] == ["photo03.jpg", "photo08.jpg"]
    assert losses[1]["reason"] == "there is no such file."


def test_the_share_may_be_of_more_than_is_looked_at(samples):
    """One of two is no more than a tenth of twelve."""
    assert survey(samples[2:4], on_error="skip", most_lost=0.1, total=12) == samples[2:3]
    with pytest.raises(DataError, match="more than the share"):
        survey(samples[2:4], on_error="skip", most_lost=0.1)


def test_nothing_lost_leaves_no_list(samples, tmp_path):
    """Nor that of an earlier attempt."""
    (tmp_path / "lost.jsonl").write_text("old")
    assert survey(samples[:3], on_error="skip", report=tmp_path / "lost.jsonl") == samples[:3]
    assert not (tmp_path / "lost.jsonl").exists()


def test_too_great_a_loss_fails_even_when_skipping(samples, tmp_path):
    """2 of 12 is more than a tenth; the list is written all the same."""
    with pytest.raises(
        DataError, match=r"2 of 12 files cannot be read, more than the share of 0.1 allowed"
    ):
        survey(samples, on_error="skip", most_lost=0.1, report=tmp_path / "lost.jsonl")
    assert len((tmp_path / "lost.jsonl").read_text().splitlines()) == 2


def test_what_was_opened_is_remembered_by_content(samples, tmp_path, monkeypatch):
    """A second survey opens nothing and comes to the same end; a repaired file is opened again."""
    memory = tmp_path / "m.jsonl"
    kept = survey(samples, contents=Contents(memory), on_error="skip", most_lost=0.2)
    opened, original = [], module.read_picture
    monkeypatch.setattr(
        module, "read_picture", lambda media, **how: opened.append(media) or original(media, **how)
    )
    assert survey(samples, contents=Contents(memory), on_error="skip", most_lost=0.2) == kept
    assert opened == []
    Image.new("RGB", (5, 5)).save(samples[3].media)
    assert len(survey(samples, contents=Contents(memory), on_error="skip", most_lost=0.2)) == 11
    assert opened == [samples[3].media]


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), MemoryError()])
@pytest.mark.parametrize("holds", ["pictures", "clips"])
def test_an_error_that_passes_is_not_remembered(photos, tmp_path, monkeypatch, error, holds):
    """A disk that failed once, or memory that was full, says nothing about the file."""
    samples, memory = (
        [Sample(path.name, str(path), path.name, "train") for path in photos],
        tmp_path / "m.jsonl",
    )

    def fail(*arguments, **options):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(Image, "open", fail)
        with pytest.raises(DataError, match="11 more cannot be read"):
            survey(samples, contents=Contents(memory), holds=holds)
    assert survey(samples, contents=Contents(memory), holds=holds) == samples


def test_another_bound_on_pixels_opens_again(photos, tmp_path):
    """What was readable under one bound need not be under another."""
    samples = [Sample(path.name, str(path), path.name, "train") for path in photos]
    survey(samples, contents=Contents(tmp_path / "m.jsonl"))
    with pytest.raises(DataError, match="expected at most 100 pixels"):
        survey(samples, contents=Contents(tmp_path / "m.jsonl"), pixels_limit=100)


def test_drawings_need_no_opening():
    """The built-in source passes as it is."""
    source = Shapes(train=3, dev=1, test=1)
    assert survey(source.samples) == source.samples


def test_an_unknown_choice_is_refused(samples):
    """Only raise and skip exist."""
    with pytest.raises(ArgumentError, match="on_error: expected 'raise' or 'skip'"):
        survey(samples, on_error="ignore")
