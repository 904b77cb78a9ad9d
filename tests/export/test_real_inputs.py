"""Samples of a run as files."""

import numpy as np
import pytest
from PIL import Image

import lrcn_seq
from lrcn_seq.data.media import read_frames
from lrcn_seq.errors import DataError
from lrcn_seq.export.real_inputs import COUNT, media_file, real_inputs, write_video
from lrcn_seq.records import Sample


def test_drawn_images_become_files(smoke_run, tmp_path):
    """The first dev samples of generated data are written without loss."""
    task = lrcn_seq.load(smoke_run)
    paths = real_inputs(task, smoke_run, [], tmp_path)
    assert len(paths) == COUNT
    source = lrcn_seq.registry.sources.build(task.settings.data.source)
    dev = [sample for sample in source if sample.split == "dev"]
    np.testing.assert_array_equal(np.asarray(Image.open(paths[1])), dev[1].media.draw()[0])


def test_videos_are_written_without_loss(tmp_path):
    """The frames of a written video are those that were given."""
    frames = np.random.default_rng(0).integers(0, 256, (4, 20, 31, 3), np.uint8)
    write_video(tmp_path / "clip.mov", frames)
    np.testing.assert_array_equal(read_frames(tmp_path / "clip.mov"), frames)


def test_files_are_taken_as_they_are(tmp_path):
    """The path of a file is used itself, and a folder of frames is left out."""
    (tmp_path / "a.jpg").write_bytes(b"")
    sample = Sample("a", str(tmp_path / "a.jpg"), "dev", "a")
    assert media_file(sample, tmp_path / "x") == str(tmp_path / "a.jpg")
    assert media_file(sample._replace(media=str(tmp_path)), tmp_path / "x") is None


def test_folders_of_frames_cannot_verify(smoke_run, tmp_path, monkeypatch):
    """If no sample is a file, the message asks for files."""
    from lrcn_seq.export import real_inputs as module

    sample = Sample("a", str(tmp_path), "dev", "a")
    monkeypatch.setattr(module, "read_samples", lambda task, run: [sample])
    with pytest.raises(DataError, match=r"expected samples that are files.*--inputs"):
        real_inputs(None, smoke_run, [], tmp_path)
