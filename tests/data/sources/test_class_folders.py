"""Clips in one folder per class."""

from collections import Counter
from pathlib import Path

import pytest

from lrcn_seq.data.sources import registry
from lrcn_seq.data.sources.base import split_by_hash
from lrcn_seq.errors import DataError, UsageError


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a folder of two classes with 20 clips each, made from ten videos."""
    rows = []
    for label in ("jump", "run"):
        (tmp_path / label).mkdir()
        for number in range(20):
            (tmp_path / label / f"{number:02d}.mp4").write_bytes(b"x")
            rows.append(f"{label},{number:02d}.mp4,video{number % 10}")
    (tmp_path / "index.csv").write_text("label,file,group\r\n" + "\r\n".join(rows))
    (tmp_path / ".cache").mkdir()
    (tmp_path / "run" / ".DS_Store").write_bytes(b"")
    return tmp_path


def build(folder: Path, **more):
    return registry.build({"type": "class_folders", "folder": str(folder), **more})


def test_labels_are_folder_names(folder):
    """Labels are folder names, and IDs consist of class and file name."""
    source = build(folder)
    assert [sample.id for sample in source] == [
        f"{label}/{number:02d}.mp4" for label in ("jump", "run") for number in range(20)
    ]
    assert (source[20].label, source[20].media) == ("run", str(folder / "run/00.mp4"))


def test_each_clip_is_its_own_group_without_a_table(folder):
    """Without a table of groups, the group of a clip is its ID."""
    assert all(sample.group == sample.id for sample in build(folder))


def test_groups_of_a_table_stay_together(folder):
    """All clips of a group in the table are in one split, even if the group has two classes."""
    source = build(folder, groups="index.csv", dev=0.3, test=0.3)
    assert len({(sample.group, sample.split) for sample in source}) == 10
    assert {sample.split for sample in source} == {"train", "dev", "test"}


def test_labels_of_the_table_distinguish_equal_file_names(folder):
    """Clips with the same file name in two classes may have different groups."""
    rows = [
        f"{label},{number:02d}.mp4,{label}{number}"
        for label in ("jump", "run")
        for number in range(20)
    ]
    (folder / "index.csv").write_text("label,file,group\n" + "\n".join(rows))
    groups = {sample.id: sample.group for sample in build(folder, groups="index.csv")}
    assert (groups["jump/03.mp4"], groups["run/03.mp4"]) == ("jump3", "run3")


def test_folds_are_even_and_test_every_clip_once(folder):
    """Over all folds, every clip is tested once, and folds have equal class counts."""
    tested: Counter[str] = Counter()
    for fold in range(5):
        source = build(folder, groups="index.csv", folds=5, fold=fold)
        assert len({(sample.group, sample.split) for sample in source}) == 10
        test = [source[position] for position in source.split("test")]
        assert Counter(sample.label for sample in test) == {"jump": 4, "run": 4}
        tested.update(sample.id for sample in test)
    assert len(tested) == 40
    assert set(tested.values()) == {1}


def test_frame_folders_are_clips(folder):
    """A folder of images inside the folder of a class is one clip."""
    (folder / "run" / "frames").mkdir()
    (folder / "run" / "frames" / "1.png").write_bytes(b"")
    assert build(folder)[-1].id == "run/frames"


def test_classes_can_be_selected(folder):
    """Only the selected classes are read, in the given order."""
    assert {sample.label for sample in build(folder, classes=["run"])} == {"run"}
    assert [sample.label for sample in build(folder, classes=["run", "jump"])][::20] == [
        "run",
        "jump",
    ]


def test_selected_classes_must_exist(folder):
    """The error for missing classes lists the missing and the existing classes."""
    with pytest.raises(
        DataError,
        match=r"expected a folder for each class. Received: none for swim; there are jump, run",
    ):
        build(folder, classes=["run", "swim"])


def test_folders_without_clips_are_refused(folder):
    """Folders without any clip are refused."""
    for path in folder.glob("*/*.mp4"):
        path.unlink()
    with pytest.raises(DataError, match="Received: none with a clip in it"):
        build(folder)


def test_the_folder_of_one_class_is_refused(folder):
    """The folder of one class instead of the folder of all classes is refused, with the reason."""
    clips = next(path.parent for path in folder.glob("*/*.mp4"))
    count = len(list(clips.glob("*.mp4")))
    with pytest.raises(DataError, match=f"{count} clips directly in the folder; put each clip in"):
        build(clips)


@pytest.mark.parametrize(
    "header",
    ["file,group", "File , GROUP", "file_name,group"],
)
@pytest.mark.parametrize(
    "path", ["{}/{}", "./{}/{}", "{}\\{}", " {}/{} ", "clips/{}/{}", "ROOT/{}/{}"]
)
def test_files_of_the_table_are_matched_by_path(folder, header, path):
    """The table may give the path of a clip, with its class folder, in any usual spelling."""
    rows = [header]
    for label in ("jump", "run"):
        rows += [
            f"{path.format(label, name).replace('ROOT', str(folder))},{label}{number}"
            for number, name in enumerate(f"{n:02d}.mp4" for n in range(20))
        ]
    (folder / "index.csv").write_text("\n".join(rows))
    groups = {sample.id: sample.group for sample in build(folder, groups="index.csv")}
    assert groups == {
        f"{label}/{number:02d}.mp4": f"{label}{number}"
        for label in ("jump", "run")
        for number in range(20)
    }


def test_cells_of_the_table_have_no_surrounding_blanks(folder):
    """Groups in the table that differ only in surrounding blanks are one group."""
    rows = "".join(f"{number:02d}.mp4,v{' ' * (number % 3)}\n" for number in range(20))
    (folder / "index.csv").write_text(f"file,group\n{rows}")
    assert {sample.group for sample in build(folder, groups="index.csv")} == {"v"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "run,07.mp4,other",
            "line 42: expected one group for 'run/07.mp4'. Received: 'video7' and 'other'",
        ),
        (
            "run,jump/07.mp4,video7",
            "line 42: expected the folder of the class 'run'. Received: 'jum",
        ),
    ],
)
def test_contradictions_of_the_table_are_refused(folder, row, message):
    """A table is refused if a clip has two groups, or a path lies in another class folder."""
    with (folder / "index.csv").open("a") as file:
        file.write(f"\r\n{row}")
    with pytest.raises(DataError, match=message):
        build(folder, groups="index.csv")


def test_a_repeated_row_is_harmless(folder):
    """A row that is repeated in the table of groups changes nothing."""
    before = list(build(folder, groups="index.csv"))
    with (folder / "index.csv").open("a") as file:
        file.write("\r\nrun,07.mp4,video7")
    assert list(build(folder, groups="index.csv")) == before


def test_files_that_are_not_media_are_left_out_and_noted(folder):
    """Thumbnails, texts and folders without images are not clips; the notes count and name them."""
    for name in ("Thumbs.db", "desktop.ini", "notes.txt", "video"):
        (folder / "run" / name).write_bytes(b"x")
    (folder / "run" / "@eaDir").mkdir()
    (folder / "run" / "A.MP4").write_bytes(b"x")
    (folder / "__MACOSX" / "run").mkdir(parents=True)
    source = build(folder)
    assert len(source) == 41
    assert source.notes == (
        "6 files and folders are neither media nor folders of frames and were left out "
        "(__MACOSX/run, run/@eaDir, run/Thumbs.db, …).",
        "1 folders contain no clips (__MACOSX).",
    )


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_links_to_one_clip_are_one_sample(folder, link):
    """A clip and links to it in the folder of its class are one sample; the notes count links."""
    for number in range(3):
        getattr(folder / "run" / f"link{number}.mp4", link)(folder / "run" / "00.mp4")
    source = build(folder)
    assert len(source) == 40
    assert source.notes == (
        "3 files are links to other clips of their class and were left out (run/link0.mp4, "
        "run/link1.mp4, run/link2.mp4).",
    )


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
@pytest.mark.parametrize("name", ["07.mp4", "new.mp4"])
def test_links_between_classes_are_refused(folder, link, name):
    """A file in the folders of two classes is refused, with both paths and both labels."""
    (folder / "jump" / name).unlink(missing_ok=True)
    getattr(folder / "jump" / name, link)(folder / "run" / "07.mp4")
    with pytest.raises(
        DataError,
        match=rf"labels 'jump' and 'run', since 'jump/{name}' and 'run/07.mp4' are the same file",
    ):
        build(folder)


def test_a_link_to_the_folder_of_a_class_is_refused(folder):
    """A link to the folder of a class would give all its clips two labels."""
    (folder / "sprint").symlink_to(folder / "run")
    with pytest.raises(DataError, match="expected one label for each file"):
        build(folder)


def test_folders_of_splits_are_no_classes(folder):
    """Folders of frames in the folders train and val are not clips of the classes train and val."""
    for name in ("Train/run", "Train/jump", "val/run", "val/jump"):
        (folder / "parts" / name).mkdir(parents=True)
        (folder / "parts" / name / "0.jpg").write_bytes(name.encode())
    with pytest.raises(DataError, match=r"Received: folders of splits \(Train, val\)"):
        build(folder / "parts")
    assert len(build(folder / "parts", classes=["Train", "val"])) == 4


def test_media_beside_the_classes_are_noted(folder):
    """Media files beside the folders of classes are left out; the notes count and name them."""
    (folder / "lost.mp4").write_bytes(b"x")
    (folder / "._lost.mp4").write_bytes(b"x")
    assert build(folder).notes == (
        "1 media files are in no folder of a class and were left out (lost.mp4).",
    )


def test_normalization_forms_of_a_name_are_one_class(tmp_path):
    """Folders whose names differ only in Unicode normalization are one class with all clips."""
    for name in ("café", "cafe\u0301", "tea"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.mp4").write_bytes(name.encode())
    source = build(tmp_path, classes=["cafe\u0301", "tea"])
    assert Counter(sample.label for sample in source) == {"café": 2, "tea": 1}
    assert len({sample.id for sample in source}) == 3


@pytest.mark.parametrize("seed", range(8))
def test_splits_are_stratified(tmp_path, seed):
    """Stratified splits contain every class; with `stratify: false`, hashes select the splits."""
    for label in "ab":
        (tmp_path / label).mkdir()
        for number in range(12):
            (tmp_path / label / f"{number}.mp4").write_bytes(label.encode() * number)
    counts = Counter((sample.split, sample.label) for sample in build(tmp_path, seed=seed))
    assert counts[("test", "a")] + counts[("test", "b")] == 5
    assert counts[("dev", "a")] == counts[("dev", "b")] == 1
    assert min(counts.values()) >= 1
    by_hash = build(tmp_path, seed=seed, stratify=False)
    assert [s.split for s in by_hash] == [split_by_hash(s.group, 0.1, 0.2, seed) for s in by_hash]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "expected a table of files and groups; there is no such file"),
        ("file,scene\n00.mp4,a\n", "expected a column with the group, named group"),
        (
            "file,group\n" + "".join(f"{n:02d}.mp4,nan\n" for n in range(20)),
            "expected the group of every clip. Received: none for jump/00.mp4, jump/01.mp4",
        ),
        (
            "file,group\n00.mp4,a\n",
            "expected the group of every clip. "
            "Received: none for jump/01.mp4, jump/02.mp4, jump/03.mp4, … (38 in total)",
        ),
    ],
)
def test_unusable_tables_of_groups_are_refused(folder, content, message):
    """The error for a table of groups that is missing or incomplete names the defect."""
    (folder / "index.csv").unlink()
    if content is not None:
        (folder / "index.csv").write_text(content)
    with pytest.raises(DataError) as caught:
        build(folder, groups="index.csv")
    assert message in str(caught.value)


def test_a_missing_folder_is_refused(folder):
    """The error for a missing folder names the folder."""
    with pytest.raises(DataError, match="nowhere: expected a folder with a folder for each class"):
        build(folder / "nowhere")


def test_impossible_folds_are_refused(folder):
    """More folds than groups, or the number of a nonexistent fold, raise a UsageError."""
    with pytest.raises(
        UsageError, match=r"at most one for each of the 10 groups. Received: folds=11"
    ):
        build(folder, groups="index.csv", folds=11)
    with pytest.raises(UsageError, match=r"expected a number below folds=4. Received: fold=4"):
        build(folder, folds=4, fold=4)


def test_the_real_clips(shared):
    """The folds of the real surveillance clips have even class counts."""
    for fold in range(5):
        source = build(shared / "surveillance_fights", groups="index.csv", folds=5, fold=fold)
        assert len(source) == 120
        counts = Counter(source[position].label for position in source.split("test"))
        assert len(counts) == 2
        assert all(11 <= count <= 13 for count in counts.values())


def test_folders_of_the_system_are_no_clips(folder):
    """Thumbnails in folders that operating systems create are neither clips nor classes."""
    for name in ("run/@eaDir", "@eaDir/00.mp4"):
        (folder / name).mkdir(parents=True)
        (folder / name / "SYNOVIDEO.jpg").write_bytes(name.encode())
    source = build(folder)
    assert len(source) == 40
    assert "(@eaDir/00.mp4, run/@eaDir)" in source.notes[0]
