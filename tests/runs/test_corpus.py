"""Reading of the samples of a data source by split, without unreadable files."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lrcn_seq import config
from lrcn_seq.data.media import ContentIndex
from lrcn_seq.errors import DataError
from lrcn_seq.records import Moment, Sample
from lrcn_seq.runs.corpus import Corpus, check_splits, describe_splits, read_corpus, survey_reader


def make_config(folder: Path, **data):
    """Return a captioning config whose feature store is in the given folder."""
    return config.validate(
        {
            "task": {"type": "captioning"},
            "data": {
                "source": {"type": "shapes", "train": 5, "dev": 2, "test": 3, "pixels": 16},
                "store": {"folder": str(folder / "features")},
                **data,
            },
            "encoder": {"type": "tiny_cnn"},
            "decoder": {"type": "lrcn"},
        }
    )


def table_config(folder: Path, *, broken=(8,), **data):
    """Return a config with ten images, of which two are for testing and `broken` are unreadable."""
    rows = ["image,caption,split"]
    for number in range(10):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(folder / f"{number}.png")
        rows.append(f"{number}.png,a dog,{'train' if number < 8 else 'test'}")
    for number in broken:
        (folder / f"{number}.png").write_bytes(b"broken")
    (folder / "t.csv").write_text("\n".join(rows))
    source = {"type": "caption_table", "table": str(folder / "t.csv")}
    return make_config(folder, source=source, **data)


def test_samples_are_divided_by_split(tmp_path):
    """A corpus groups the samples of a source by split and lists them split by split."""
    corpus = read_corpus(make_config(tmp_path))
    counts = {name: len(samples) for name, samples in corpus.splits.items()}
    assert counts == {"train": 5, "dev": 2, "test": 3}
    assert [sample.split for sample in corpus.samples] == ["train"] * 5 + ["dev"] * 2 + ["test"] * 3


def test_single_splits_can_be_read(tmp_path):
    """Reading a single split does not open the files of other splits."""
    corpus = read_corpus(table_config(tmp_path, broken=(0, 1)), splits=("test",))
    assert {name: len(samples) for name, samples in corpus.splits.items()} == {"test": 2}


def test_an_unreadable_file_is_an_error(tmp_path):
    """An unreadable file raises a DataError if `data.on_error` is not "skip"."""
    with pytest.raises(DataError, match=r"8\.png"):
        read_corpus(table_config(tmp_path))


def test_skipped_files_are_printed_and_listed(tmp_path, capsys):
    """Skipped files are written to a list with reasons, and a message names the list."""
    settings = table_config(tmp_path, on_error="skip", lost_share_limit=0.5)
    listing = tmp_path / "skipped.jsonl"
    corpus = read_corpus(settings, skipped=listing)
    assert len(corpus.samples) == 9
    message = (
        f"1 of 10 files cannot be read and are skipped (8.png). Reasons are listed in {listing}."
    )
    assert message in capsys.readouterr().err
    (row,) = [json.loads(line) for line in listing.read_text().splitlines()]
    assert row["media"].endswith("8.png")


def test_nothing_is_listed_or_printed_without_unreadable_files(tmp_path, capsys):
    """Without unreadable files, no list of skipped files is written and no message is printed."""
    settings = table_config(tmp_path, broken=(), on_error="skip")
    assert len(read_corpus(settings, skipped=tmp_path / "skipped.jsonl").samples) == 10
    assert "skipped" not in capsys.readouterr().err
    assert not (tmp_path / "skipped.jsonl").exists()


def test_the_share_of_skipped_files_is_that_of_the_whole_source(tmp_path):
    """`lost_share_limit` applies to the whole source, even if a single split is read."""
    settings = table_config(tmp_path, on_error="skip", lost_share_limit=0.1)
    assert len(read_corpus(settings).samples) == 9
    assert len(read_corpus(settings, splits=("test",)).samples) == 1


def test_the_notes_of_a_source_are_kept_and_printed(tmp_path, capsys, monkeypatch):
    """The notes of a source are stored in the corpus and printed to stderr."""
    monkeypatch.setattr(
        "lrcn_seq.data.sources.shapes.Shapes.notes", ("2 images are missing.",), raising=False
    )
    source = {"type": "shapes", "train": 5, "dev": 8, "test": 3, "pixels": 16}
    corpus = read_corpus(make_config(tmp_path, source=source), splits=("train",))
    assert corpus.notes == (
        "2 images are missing.",
        "The split test has only 3 samples; its scores depend on chance.",
    )
    assert capsys.readouterr().err == "".join(f"{note}\n" for note in corpus.notes)


@pytest.mark.parametrize("use", [True, False])
def test_file_contents_are_remembered_beside_the_feature_store(tmp_path, use):
    """The content hashes of files are stored beside the feature store, if the config uses it."""
    store = {"use": use, "folder": str(tmp_path / "features")}
    corpus = read_corpus(table_config(tmp_path, broken=(), store=store))
    assert corpus.fingerprint
    assert (tmp_path / "features" / "contents.jsonl").exists() == use


def classifier_config(folder: Path) -> config.Config:
    """Return the config of a classifier of clips."""
    return config.validate(
        {
            "task": {"type": "activity"},
            "data": {
                "source": {"type": "moving_shapes"},
                "sampling": {"type": "every"},
                "store": {"folder": str(folder / "features")},
            },
            "encoder": {"type": "tiny_cnn"},
            "decoder": {"type": "lstm_frames"},
        }
    )


def labeled(labels: str) -> list[Sample]:
    """Return one sample for each letter, with this letter as its class."""
    return [Sample(str(n), f"{n}.mp4", str(n), "", (), label) for n, label in enumerate(labels)]


@pytest.mark.parametrize(
    ("splits", "notes"),
    [
        (("abcabcabc", "abcabcabc", "abcabcabc"), ()),
        (
            ("abcabcabc", "aaaaaaaa", "abcabca"),
            (
                "The split test has only 7 samples; its scores depend on chance.",
                "The split dev has a single class (a) of 3; its scores say nothing about "
                "other classes.",
            ),
        ),
        (("abab", "ab", "abababab"), ()),
        (
            ("ababababab", "ababababab", "abcabcabc"),
            (
                "The split train lacks 1 of 3 classes (c).",
                "The split dev lacks 1 of 3 classes (c).",
            ),
        ),
        (("abab", "abababab", ""), ()),
    ],
)
def test_small_and_one_sided_splits_are_described(tmp_path, splits, notes):
    """`describe_splits` names splits with few samples, a single class or missing classes."""
    samples = dict(zip(("train", "dev", "test"), map(labeled, splits), strict=True))
    assert describe_splits(samples, classifier_config(tmp_path)) == notes


def test_moments_count_as_classes(tmp_path):
    """The labels of moments count as classes of a split."""
    moments = [
        s._replace(label=None, moments=(Moment(0, 1, s.label),)) for s in labeled("abababab")
    ]
    splits = {"train": moments, "dev": moments, "test": labeled("aaaaaaaa")}
    (note,) = describe_splits(splits, classifier_config(tmp_path))
    assert note.startswith("The split test has a single class (a) of 2")


def test_classes_do_not_matter_to_captions(tmp_path):
    """Missing classes are not reported for captioning, which does not predict labels."""
    splits = {"train": labeled("abababab"), "dev": labeled("aaaaaaaa"), "test": labeled("aaaaaaaa")}
    assert describe_splits(splits, make_config(tmp_path)) == ()


def test_training_and_dev_samples_are_required():
    """A source without training or dev samples raises a DataError."""
    check_splits({"train": [1], "dev": [2], "test": []})
    with pytest.raises(DataError, match=r"Expected training samples\. Received: none"):
        check_splits({"train": [], "dev": [2]})
    with pytest.raises(DataError, match=r"Received: none, and 3 in train; raise data\.source\.dev"):
        check_splits({"train": [1, 2, 3], "dev": []})


@pytest.mark.parametrize(
    ("encoder", "sampling", "kind"),
    [
        ({"type": "tiny_cnn"}, None, "images"),
        ({"type": "tiny_cnn"}, {"type": "every"}, "clips"),
        ({"type": "vectors", "width": 7}, None, "vectors"),
    ],
)
def test_the_survey_opens_media_as_the_encoder_does(tmp_path, encoder, sampling, kind):
    """The survey opens media as images, clips or vectors, depending on the encoder."""
    settings = make_config(tmp_path, pixels_limit=99, sampling=sampling)
    settings = settings.model_copy(update={"encoder": encoder})
    reader = survey_reader(settings, ContentIndex())
    assert (reader.kind, reader.pixels_limit) == (kind, 99)
    assert reader.vector_width == encoder.get("width")


def fingerprint(*samples: Sample) -> str:
    """Return the fingerprint of a corpus of the given samples."""
    names = ("train", "dev", "test")
    splits = {name: [sample for sample in samples if sample.split == name] for name in names}
    return Corpus(splits, (), ContentIndex()).fingerprint


BLACK = np.zeros((2, 2, 3), "uint8")
FIRST = Sample("1", BLACK, "1", "train", ("a dog",), "a")
SECOND = Sample("2", BLACK + 1, "2", "train", ("a cat",), "a")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "other"),
        ("captions", ("a word",)),
        ("label", "b"),
        ("moments", (Moment(0.0, 1.0, "a"),)),
        ("targets", ("b",)),
        ("split", "dev"),
        ("media", BLACK),
    ],
)
def test_the_fingerprint_depends_on_everything_that_training_uses(field, value):
    """The fingerprint depends on the content of media and on all sample fields but the group."""
    assert fingerprint(FIRST, SECOND) != fingerprint(FIRST, SECOND._replace(**{field: value}))


def test_the_fingerprint_depends_on_the_order():
    """The fingerprint of a corpus depends on the order of its samples."""
    assert fingerprint(FIRST, SECOND) != fingerprint(SECOND, FIRST)


def test_the_fingerprint_ignores_paths_groups_and_test_samples(tmp_path):
    """The fingerprint of a corpus ignores file paths, groups and test samples."""
    paths = [tmp_path / name for name in ("a.png", "b.png")]
    for path in paths:
        Image.fromarray(BLACK).save(path)
    one, other = (FIRST._replace(media=str(path)) for path in paths)
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(FIRST) == fingerprint(FIRST._replace(group="other"))
    assert fingerprint(FIRST) == fingerprint(FIRST, SECOND._replace(split="test"))


def test_similar_classes_are_described(tmp_path):
    """Classes whose names differ only in spelling or as numbers are named."""
    labels = ("1", "1.0", "Run", "run ")
    samples = [
        Sample(str(n), f"{n}.mp4", str(n), "", (), labels[n % len(labels)]) for n in range(8)
    ]
    assert describe_splits({"train": samples}, classifier_config(tmp_path)) == (
        "Classes have names that differ only in case, blanks, punctuation or the form of a number: "
        "'1' and '1.0', 'Run' and 'run '; give them one name if they mean the same.",
    )


def test_similar_groups_in_two_splits_are_described(tmp_path):
    """Groups of similar names are named if they are in different splits, unless they are IDs."""

    def samples(*groups: str) -> list[Sample]:
        return [Sample(f"{group}{n}", "", group, "") for group in groups for n in range(8)]

    splits = {"train": samples("v1", "V2", "v3"), "test": samples("V1", "v4")}
    splits["train"] += [Sample("a.jpg", "", "a.jpg", ""), Sample("A.jpg", "", "v3 ", "")]
    splits["test"].append(Sample("A.JPG", "", "A.JPG", ""))
    (note,) = describe_splits(splits, make_config(tmp_path))
    assert note.startswith("Groups in different splits have names that differ only in case")
    assert "number: 'V1' and 'v1'; give" in note
