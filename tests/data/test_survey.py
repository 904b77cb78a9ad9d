"""The survey, which opens every file once and skips or refuses unreadable samples."""

import json

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.image import StillImage
from lrcn_seq.data.media.reader import MediaReader
from lrcn_seq.data.sources.shapes import Shapes
from lrcn_seq.data.survey import UnreadableSample, check_unreadable, survey
from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.records import Sample

IMAGES = MediaReader("images")


def samples_of(paths) -> list[Sample]:
    """Return one sample per file."""
    return [Sample(path.name, str(path), path.name, "train", ("a",)) for path in paths]


@pytest.fixture
def samples(photos):
    """Return twelve samples, of which the fourth is truncated and the ninth is missing."""
    photos[3].write_bytes(photos[3].read_bytes()[:-30])
    photos[8].unlink()
    return samples_of(photos)


def test_readable_samples_are_returned(photos):
    """The survey returns all readable samples and reports progress after each sample."""
    reports = []
    samples = samples_of(photos)
    assert survey(samples, IMAGES, progress=lambda *report: reports.append(report)) == samples
    assert reports == [(number, 12) for number in range(1, 13)]


def test_by_default_an_unreadable_sample_is_an_error(samples):
    """By default, unreadable samples raise an error that names the first and gives their count."""
    with pytest.raises(
        DataError,
        match=r"photo03.jpg: the image is damaged.* \(1 more cannot be read either.\) "
        r"Repair or remove it, or set data.on_error to skip",
    ):
        survey(samples, IMAGES)


def test_unreadable_samples_are_skipped_and_listed(samples, tmp_path):
    """Unreadable samples are skipped and listed with id, media and reason."""
    report = tmp_path / "new" / "folder" / "lost.jsonl"
    kept = survey(samples, IMAGES, on_error="skip", lost_share_limit=0.2, report=report)
    assert kept == [sample for number, sample in enumerate(samples) if number not in (3, 8)]
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert [line["id"] for line in lines] == ["photo03.jpg", "photo08.jpg"]
    assert lines[1] == {
        "id": "photo08.jpg",
        "media": samples[8].media,
        "reason": "expected an image; there is no such file.",
    }


def test_the_share_is_of_a_given_total(samples):
    """The share of unreadable samples is relative to `total` if it is given."""
    options = {"on_error": "skip", "lost_share_limit": 0.1}
    assert survey(samples[2:4], IMAGES, total=12, **options) == samples[2:3]
    with pytest.raises(DataError, match="more than the share"):
        survey(samples[2:4], IMAGES, **options)


def test_the_list_of_an_earlier_run_is_deleted(samples, tmp_path):
    """A survey without unreadable samples deletes the list of an earlier run."""
    (tmp_path / "lost.jsonl").write_text("old")
    report = tmp_path / "lost.jsonl"
    assert survey(samples[:3], IMAGES, on_error="skip", report=report) == samples[:3]
    assert not report.exists()


def test_too_many_unreadable_samples_are_an_error_even_when_skipping(samples, tmp_path):
    """With `on_error="skip"`, a share of unreadable samples above the limit is still an error.

    The list of unreadable samples is written before the error is raised.
    """
    report = tmp_path / "lost.jsonl"
    with pytest.raises(
        DataError, match=r"2 of 12 files cannot be read, more than the share of 0.1 allowed"
    ):
        survey(samples, IMAGES, on_error="skip", lost_share_limit=0.1, report=report)
    assert len(report.read_text().splitlines()) == 2


def test_a_second_survey_opens_only_changed_files(samples, tmp_path, monkeypatch):
    """A second survey opens only files that changed since the first one."""

    def surveyed() -> list[Sample]:
        reader = IMAGES.with_index(ContentIndex(tmp_path / "m.jsonl"))
        return survey(samples, reader, on_error="skip", lost_share_limit=0.2)

    kept, opened, times = surveyed(), [], StillImage.times
    monkeypatch.setattr(
        StillImage, "times", lambda image: opened.append(image.name) or times(image)
    )
    assert surveyed() == kept
    assert opened == []
    Image.new("RGB", (5, 5)).save(samples[3].media)
    assert len(surveyed()) == 11
    assert opened == [samples[3].media]


def test_another_pixels_limit_opens_files_again(photos, tmp_path):
    """A file is checked again under another pixel limit."""
    samples, index = samples_of(photos), ContentIndex(tmp_path / "m.jsonl")
    survey(samples, IMAGES.with_index(index))
    with pytest.raises(DataError, match="expected at most 100 pixels"):
        survey(samples, MediaReader("images", pixels_limit=100, index=index))


def test_clips_and_vectors_are_checked(tmp_path):
    """The survey finds broken videos and vectors of the wrong width."""
    (tmp_path / "bad.avi").write_bytes(b"nothing")
    np.save(tmp_path / "a.npy", np.ones((2, 3)))
    with pytest.raises(DataError, match=r"bad.avi: expected a video; the file is not one"):
        survey(samples_of([tmp_path / "bad.avi"]), MediaReader("clips"))
    with pytest.raises(DataError, match=r"a.npy: expected vectors of width 5"):
        survey(samples_of([tmp_path / "a.npy"]), MediaReader("vectors", vector_width=5))


def test_names_that_are_too_long_are_unreadable(tmp_path):
    """A file name that is too long makes a sample unreadable, with that reason."""
    with pytest.raises(DataError, match="File name too long"):
        survey(samples_of([tmp_path / ("x" * 300)]), MediaReader("clips"))


def test_drawings_are_not_opened():
    """The survey returns the samples of a built-in source without drawing them."""
    source = Shapes(train=3, dev=1, test=1)
    assert survey(source.samples, IMAGES) == source.samples


def test_another_on_error_is_refused(samples):
    """An `on_error` other than "raise" and "skip" raises an ArgumentError."""
    with pytest.raises(ArgumentError, match="on_error: expected 'raise' or 'skip'"):
        survey(samples, IMAGES, on_error="ignore")


def test_a_list_that_cannot_be_written_is_a_data_error(tmp_path):
    """A list of unreadable samples that cannot be written raises a DataError."""
    (tmp_path / "file").write_bytes(b"")
    options = {"on_error": "skip", "lost_share_limit": 1.0}
    with pytest.raises(DataError, match="choose another folder for the list of unreadable samples"):
        check_unreadable(
            [UnreadableSample("a", "b", "c")], 1, report=tmp_path / "file" / "lost", **options
        )
