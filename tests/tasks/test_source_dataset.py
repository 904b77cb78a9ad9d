"""The data sets of sources."""

import csv

import numpy as np
import pytest
from PIL import Image

import lrcn_seq
from lrcn_seq.errors import ArgumentError, DataError
from tests.tasks.inputs import SMOKE, fresh_captioner, fresh_classifier


@pytest.fixture
def table(images, tmp_path):
    """Return a table of three images with a caption and a split each."""
    path = tmp_path / "captions.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["image", "caption", "split"])
        for number, split in enumerate(["train", "train", "dev"]):
            Image.fromarray(images[number]).save(tmp_path / f"{number}.png")
            rows.writerow([f"{number}.png", "a dog", split])
    return path


def test_the_path_of_a_table_is_a_source(table):
    """The path of a table gives its samples of one split, or of all splits."""
    task = fresh_captioner()
    assert len(lrcn_seq.dataset(table, task).samples) == 2
    assert len(lrcn_seq.dataset(str(table), task, split="dev").samples) == 1
    assert len(lrcn_seq.dataset(table, task, split=None).samples) == 3
    assert len(lrcn_seq.dataset(table, task, limit=1).samples) == 1


def test_a_folder_of_classes_is_a_source(films, tmp_path):
    """The path of a folder with a folder per class gives the clips of all classes."""
    for label in "abc":
        for number, film in enumerate(films):
            folder = tmp_path / label / str(number)
            folder.mkdir(parents=True)
            for place, frame in enumerate(film):
                Image.fromarray(frame).save(folder / f"{place:03}.png")
    data = lrcn_seq.dataset(tmp_path, fresh_classifier(), split=None)
    assert sorted(sample.label for sample in data.samples) == sorted("abc" * 3)
    with pytest.raises(ArgumentError, match=r"expects a table of captions\. Received: the folder"):
        lrcn_seq.dataset(tmp_path, fresh_captioner())


def test_a_config_a_section_and_samples_are_sources(images):
    """A config path, a source section of a config, and a list of samples are sources."""
    task = fresh_captioner()
    assert len(lrcn_seq.dataset(SMOKE / "captioning.yaml", task).samples) == 60
    section = {"type": "shapes", "train": 3, "dev": 1, "test": 1, "pixels": 32}
    data = lrcn_seq.dataset(section, task)
    assert len(data.samples) == 3
    assert lrcn_seq.dataset(data.samples, task).samples == data.samples


def test_problems_of_a_source_are_reported(table):
    """An unknown split, a split without samples, another type and a damaged file are refused."""
    task = fresh_captioner()
    with pytest.raises(ArgumentError, match="split: expected train, dev, test or None"):
        lrcn_seq.dataset(table, task, split="val")
    with pytest.raises(DataError, match=r"split test\. Received: none of 3"):
        lrcn_seq.dataset(table, task, split="test")
    with pytest.raises(ArgumentError, match="source: expected a path"):
        lrcn_seq.dataset(np.zeros(3), task)
    table.with_name("0.png").write_bytes(b"text")
    with pytest.raises(DataError, match=r"0\.png"):
        lrcn_seq.dataset(table, task)
