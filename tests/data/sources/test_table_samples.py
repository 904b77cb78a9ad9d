"""Samples of a table: media paths, merged rows, splits, groups and moments."""

import json
from pathlib import Path

import pytest

from lrcn_seq.data.sources._table_samples import read_samples
from lrcn_seq.errors import DataError
from lrcn_seq.records import Moment

CAPTIONS = {"media": None, "text": None, "split": None, "group": None}
VIDEOS = {**CAPTIONS, "label": None, "start": None, "end": None}


def read(path: Path, content: str, names=CAPTIONS, required=("media",)):
    path.write_text(content)
    return read_samples(str(path), names=names, required=required).samples


def test_rows_of_one_file_become_one_sample(tmp_path):
    """Rows of one file become one sample, whose captions keep their order."""
    samples = read(
        tmp_path / "t.csv",
        'image,caption\nsub/a.jpg,"A dog, brown."\nb.jpg,A cat.\nsub/a.jpg,Woof.\n',
    )
    assert [(s.id, s.media, s.captions) for s in samples] == [
        ("sub/a.jpg", str(tmp_path / "sub/a.jpg"), ("A dog, brown.", "Woof.")),
        ("b.jpg", str(tmp_path / "b.jpg"), ("A cat.",)),
    ]


def test_unicode_line_separators_do_not_end_a_row(tmp_path):
    """Unicode line separators do not end a row."""
    text = "a\x0bdog\x0c runs\u2028over\x85 the\x1c grass"
    samples = read(tmp_path / "t.csv", f"image,caption\na.jpg,{text}\nb.jpg,A cat.\n")
    assert [sample.captions for sample in samples] == [(text,), ("A cat.",)]


def test_several_paths_of_one_file_are_one_sample(tmp_path):
    """Paths that lead to one file through `..` or a linked folder give one sample."""
    (tmp_path / "real" / "sub").mkdir(parents=True)
    (tmp_path / "table").mkdir()
    (tmp_path / "table" / "link").symlink_to(tmp_path / "real" / "sub")
    paths = [
        "../real/sub/a.jpg",
        f"{tmp_path}/real/./sub//a.jpg",
        "link/a.jpg",
        "link/../a.jpg",
        "a.jpg",
    ]
    rows = "".join(f"{path},{number}\n" for number, path in enumerate(paths))
    samples = read(tmp_path / "table" / "t.csv", f"image,caption\n{rows}")
    assert [(sample.id, sample.captions) for sample in samples] == [
        (paths[0], ("0", "1", "2")),
        (paths[3], ("3",)),
        (paths[4], ("4",)),
    ]


@pytest.mark.parametrize("path", ["./a.jpg", "{}/a.jpg", "none/../a.jpg", ".//a.jpg", "a.jpg"])
def test_ids_are_independent_of_how_the_path_is_spelled(tmp_path, path):
    """The ID of a sample is independent of how its path is spelled."""
    rows = f"{path.format(tmp_path)},One.\na.jpg,Two.\n"
    samples = read(tmp_path / "t.csv", f"image,caption\n{rows}")
    assert [(s.id, s.group, s.media) for s in samples] == [
        ("a.jpg", "a.jpg", str(tmp_path / "a.jpg"))
    ]


def test_an_absolute_path_outside_the_folder_is_kept(tmp_path):
    """An absolute path outside the folder of the table is kept."""
    (sample,) = read(tmp_path / "t.csv", "image,caption\n/images/a.jpg,A dog.\n")
    assert sample.media == sample.id == "/images/a.jpg"


def test_json_lines_may_contain_lists_of_captions(tmp_path):
    """A row with a list of captions is equivalent to one row per caption."""
    rows = [{"image": "a.jpg", "captions": ["One.", " Two. "]}, {"image": "b.jpg", "captions": "3"}]
    samples = read(tmp_path / "t.jsonl", "\n".join(map(json.dumps, rows)))
    assert [sample.captions for sample in samples] == [("One.", "Two."), ("3",)]


@pytest.mark.parametrize(
    ("value", "split"),
    [
        ("train", "train"),
        (" Training ", "train"),
        ("val", "dev"),
        ("VALID", "dev"),
        ("validation", "dev"),
        ("development", "dev"),
        ("testing", "test"),
    ],
)
def test_usual_names_of_splits_are_accepted(tmp_path, value, split):
    """The usual names of splits are accepted in upper or lower case, with or without spaces."""
    (sample,) = read(tmp_path / "t.csv", f"image,caption,split\na.jpg,One,{value}\n")
    assert sample.split == split


def test_without_a_split_column_the_split_is_empty(tmp_path):
    """Without a split column, samples have an empty split, which the source assigns."""
    (sample,) = read(tmp_path / "t.csv", "image,caption\na.jpg,One\n")
    assert sample.split == ""


@pytest.mark.parametrize(
    ("value", "group"), [("0", "0"), ('""', "a.jpg"), ("null", "a.jpg"), ('" "', "a.jpg")]
)
def test_an_empty_group_is_replaced_by_the_id(tmp_path, value, group):
    """An empty or null group is replaced by the ID of the sample, but the group 0 is kept."""
    row = f'{{"image": "a.jpg", "caption": "One.", "group": {value}}}\n'
    (sample,) = read(tmp_path / "t.jsonl", row)
    assert sample.group == group


def test_start_and_end_label_parts_of_a_video(tmp_path):
    """Rows with times become moments of a sample without a label."""
    rows = "a.mp4,jump,0,1.5\na.mp4,run,1.5,4\n"
    (sample,) = read(tmp_path / "t.csv", f"video,label,start,end\n{rows}", VIDEOS)
    assert sample.moments == (Moment(0.0, 1.5, "jump"), Moment(1.5, 4.0, "run"))
    assert sample.label is None


@pytest.mark.parametrize(
    "row", ["a,x,1,1", "a,x,2,1", "a,x,-1,1", "a,x,soon,1", "a,x,0,inf", "a,x,nan,1", "a,x,0,"]
)
def test_moments_need_a_start_and_a_later_end(tmp_path, row):
    """Moments without a start and a later end raise a DataError."""
    with pytest.raises(
        DataError, match=r"line 2: expected a label with its start and a later end in seconds"
    ):
        read(tmp_path / "t.csv", f"video,label,start,end\n{row}\n", VIDEOS)


def test_moments_need_a_label(tmp_path):
    """Moments without a label raise a DataError."""
    with pytest.raises(DataError, match=r"expected a label with its start.*label=None"):
        read(tmp_path / "t.csv", "video,start,end\na.mp4,0,1\n", VIDEOS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("image,caption\na.jpg,\n", "line 2: expected a sentence under 'caption'. Received: ''"),
        (
            "image,caption\nb.jpg,One\n,One\n",
            "line 3: expected the path of an image or video under 'image'. Received: ''",
        ),
        (
            "image,caption,split\na.jpg,One,eval\n",
            "line 2: expected train, dev or test under 'split'. Received: 'eval'",
        ),
        (
            "image,caption,split\na.jpg,One,train\na.jpg,Two,test\n",
            "expected one split for 'a.jpg'. Received: 'train' and 'test'",
        ),
        (
            "image,label\na.jpg,x\na.jpg,y\n",
            "expected one label for 'a.jpg'. Received: 'x' and 'y'",
        ),
        (
            "image,group\na.jpg,x\na.jpg,y\n",
            "expected one group for 'a.jpg'. Received: 'x' and 'y'",
        ),
        ("image\nNaN\n", "line 2: expected the path of an image or video under 'image'"),
        ("image,label\na.jpg, \n", "line 2: expected a label under 'label'. Received: ''"),
        (
            "clip,label\na.mp4,x\n",
            "expected a column with the media, named media or image or video or file or path or "
            "file_name or filename. Received: columns clip, label",
        ),
        (
            "image,caption,split,group\na.jpg,One,train,g\nb.jpg,Two,test,g\n",
            "Received: group 'g' in train and test",
        ),
    ],
)
def test_unusable_rows_are_refused(tmp_path, content, message):
    """The message on a defect of a table names the table and, for a defect in a row, the line."""
    with pytest.raises(DataError) as caught:
        read(tmp_path / "t.csv", content, VIDEOS)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "t.csv"))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            '{"image": "a.jpg", "captions": []}',
            "line 1: expected a sentence under 'captions'. Received: []",
        ),
        (
            '{"image": "a.jpg", "captions": ["One", 2]}',
            "line 1: expected a sentence under 'captions'. Received: ['One', 2]",
        ),
        (
            '{"image": "x\\u0000y/a.jpg", "captions": "One"}',
            "line 1: expected text. Received: a NUL character in 'x\\x00y/a.jpg'",
        ),
        ('{"image": 7, "captions": "One"}', "Received: 7"),
    ],
)
def test_unusable_json_values_are_refused(tmp_path, row, message):
    """JSON values of unsupported types and paths with a null character are refused."""
    with pytest.raises(DataError) as caught:
        read(tmp_path / "t.jsonl", row)
    assert message in str(caught.value)


def test_numbered_columns_are_captions_of_one_image(tmp_path):
    """The columns caption1, caption2, … are read as several captions; some may be empty."""
    rows = "a.jpg,One.,Two.,Ten.\nb.jpg,,Two.,\n"
    samples = read(tmp_path / "t.csv", f"image,Caption 1,caption_2,caption10\n{rows}")
    assert [sample.captions for sample in samples] == [("One.", "Two.", "Ten."), ("Two.",)]


def test_a_column_without_a_number_comes_first(tmp_path):
    """The column `caption` precedes numbered ones; a column named in the config is the only one."""
    content = "image,caption.2,caption,caption.1\na.jpg,Three.,One.,Two.\n"
    assert read(tmp_path / "t.csv", content)[0].captions == ("One.", "Two.", "Three.")
    names = {**CAPTIONS, "text": "caption"}
    assert read(tmp_path / "t.csv", content, names)[0].captions == ("One.",)


def test_a_row_without_any_caption_is_refused(tmp_path):
    """A row in which all numbered columns of captions are empty is refused."""
    with pytest.raises(
        DataError, match="line 3: expected a sentence under 'caption1' or 'caption2'"
    ):
        read(tmp_path / "t.csv", "image,caption1,caption2\na.jpg,One.,\nb.jpg,,\n")


def test_lines_of_rows_are_those_of_the_file(tmp_path):
    """Line numbers in messages count the quoted newlines and blank lines of the file."""
    rows = 'a.jpg,"One\nsentence."\n\nb.jpg,\n'
    with pytest.raises(DataError, match="line 5: expected a sentence"):
        read(tmp_path / "t.csv", f"image,caption\n{rows}")


def test_paths_with_backslashes_are_those_with_slashes(tmp_path):
    """Paths to one file with slashes and with backslashes give one sample with one ID."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.jpg").write_bytes(b"")
    samples = read(tmp_path / "t.csv", "image,caption\nsub\\a.jpg,One.\nsub/a.jpg,Two.\n")
    assert [(s.id, s.media, s.captions) for s in samples] == [
        ("sub/a.jpg", str(tmp_path / "sub/a.jpg"), ("One.", "Two."))
    ]


def test_links_to_one_file_share_a_group(tmp_path):
    """A file and a link to it are two samples of one group."""
    (tmp_path / "a.mp4").write_bytes(b"")
    (tmp_path / "b.mp4").symlink_to(tmp_path / "a.mp4")
    rows = "a.mp4,x\nb.mp4,x\nc.mp4,y\n"
    samples = read(tmp_path / "t.csv", f"video,label\n{rows}", VIDEOS)
    assert [(s.id, s.group) for s in samples] == [
        ("a.mp4", "a.mp4"),
        ("b.mp4", "a.mp4"),
        ("c.mp4", "c.mp4"),
    ]


def test_normalization_forms_of_a_label_are_one_class(tmp_path):
    """Labels and groups that differ only in Unicode normalization are equal."""
    rows = "a.mp4,caf\u00e9,caf\u00e9\nb.mp4,cafe\u0301,cafe\u0301\n"
    samples = read(tmp_path / "t.csv", f"video,label,group\n{rows}", VIDEOS)
    assert {(s.label, s.group) for s in samples} == {("caf\u00e9", "caf\u00e9")}


def test_columns_are_found_without_case(tmp_path):
    """Columns are found regardless of the case and surrounding blanks of their names."""
    (sample,) = read(tmp_path / "t.csv", " File_Name , LABEL \na.mp4,x\n", VIDEOS)
    assert (sample.id, sample.label) == ("a.mp4", "x")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"video": "a.mp4", "label": ["x"]}', "expected a text or a number as label"),
        ('{"video": "a.mp4", "label": {"x": 1}}', "expected a text or a number as label"),
        ('{"video": "a.mp4", "label": "x", "group": []}', "expected a text or a number as group"),
        ('{"video": "https://a.org/a.mp4", "label": "x"}', "Received: the URL"),
        ('{"video": ["a.mp4"], "label": "x"}', "expected the path of an image or video"),
        (
            '{"video": "a.mp4", "label": "x", "start": 0}',
            "expected columns with the start and the end",
        ),
        (
            '{"video": "a.mp4", "label": "x", "start": 0, "end": 1' + "0" * 400 + "}",
            "expected a label with its start and a later end",
        ),
        ('{"video": "a\\ud800.mp4", "label": "x"}', "half of a surrogate pair"),
    ],
)
def test_values_of_other_types_are_refused(tmp_path, content, message):
    """Lists, objects, URLs, too large times and lone surrogates are refused as cell values."""
    with pytest.raises(DataError, match=message):
        read(tmp_path / "t.jsonl", content, VIDEOS)


def read_rows(path: Path, rows: list[dict], names=CAPTIONS):
    """Return the samples of a table of JSON lines."""
    return read(path, "\n".join(map(json.dumps, rows)), names)


def test_singular_and_plural_columns_are_read(tmp_path):
    """Captions under `caption` and under `captions` are all read."""
    rows = [
        {"file": "a.jpg", "caption": "One.", "captions": ["Two.", "Three."]},
        {"file": "b.jpg", "captions": ["Four."]},
        {"file": "c.jpg", "caption": "Five."},
    ]
    samples = read_rows(tmp_path / "t.jsonl", rows)
    assert [s.captions for s in samples] == [("One.", "Two.", "Three."), ("Four.",), ("Five.",)]


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("image,caption,text", "the text. Received: 'caption' and 'text'"),
        ("image,text1,caption", "the text. Received: 'caption' and 'text1'"),
        ("path,File_Name,caption", "the media. Received: 'path' and 'File_Name'"),
        ("video,label,class", "the label. Received: 'label' and 'class'"),
    ],
)
def test_columns_of_one_meaning_are_refused(tmp_path, header, named):
    """Two columns with the same meaning and different values are refused and named."""
    with pytest.raises(DataError) as caught:
        read(tmp_path / "t.csv", f"{header}\na.mp4,b.mp4,c\n", VIDEOS)
    assert f"expected one column with {named}, with different values" in str(caught.value)


@pytest.mark.parametrize("copy", ["", "a.mp4", "NaN"])
def test_empty_and_equal_columns_are_not_ambiguous(tmp_path, copy):
    """Two columns with the same meaning are accepted if they are equal or one is empty."""
    (sample,) = read(tmp_path / "t.csv", f"file,video,label\n{copy},a.mp4,x\n", VIDEOS)
    assert (sample.id, sample.label) == ("a.mp4", "x")


def test_a_configured_column_is_not_ambiguous(tmp_path):
    """A column that the config names is read, whatever the others are named."""
    names = {**CAPTIONS, "media": "path", "text": "text"}
    (sample,) = read(tmp_path / "t.csv", "file,path,caption,text\na,b,c,d\n", names)
    assert (sample.id, sample.captions) == ("b", ("d",))


def test_unused_columns_are_noted(tmp_path):
    """Unused columns are listed, and one with names of splits is noted; indexes are ignored."""
    (tmp_path / "t.csv").write_text(
        "Unnamed: 0,image,caption,labels,Subset\n0,a.jpg,A dog.,x,train\n1,b.jpg,A cat.,y,val\n"
    )
    table = str(tmp_path / "t.csv")
    assert read_samples(table, names=CAPTIONS, required=()).notes == (
        "Columns of t.csv that are not used: Subset, labels.",
        "The column Subset contains names of splits but is not used; set "
        "data.source.split=Subset to use it.",
    )


@pytest.mark.parametrize("missing", ["", "NaN", "#N/A", "null", "None", "NA", "<NA>", "#REF!"])
def test_marks_of_missing_values_are_no_captions(tmp_path, missing):
    """Texts that programs write for missing values are missing captions, not sentences."""
    with pytest.raises(DataError, match="line 3: expected a sentence under 'caption'"):
        read(tmp_path / "t.csv", f"image,caption\na.jpg,A dog.\nb.jpg,{missing}\n")
    rows = f"image,caption1,caption2\na.jpg,{missing},A dog.\n"
    assert read(tmp_path / "u.csv", rows)[0].captions == ("A dog.",)


@pytest.mark.parametrize("missing", ["", "NaN", "None", "#N/A"])
def test_marks_of_missing_values_are_no_groups(tmp_path, missing):
    """Samples whose group is missing are groups of their own, not one common group."""
    samples = read(tmp_path / "t.csv", f"image,group\na.jpg,{missing}\nb.jpg,{missing}\n")
    assert [sample.group for sample in samples] == ["a.jpg", "b.jpg"]


def test_marks_of_missing_values_are_no_labels(tmp_path):
    """NaN and errors of spreadsheets are missing labels, but `none` and `None` may be classes."""
    assert read(tmp_path / "t.csv", "video,label\na.mp4,None\n", VIDEOS)[0].label == "None"
    for content in ("video,label\na.mp4,#N/A\n", "video,label\na.mp4,nan\n"):
        with pytest.raises(DataError, match="line 2: expected a label under 'label'"):
            read(tmp_path / "u.csv", content, VIDEOS)
    with pytest.raises(DataError, match=r"line 1: expected a label .* Received: nan"):
        read(tmp_path / "u.jsonl", '{"video": "a.mp4", "label": NaN}', VIDEOS)


def test_whole_numbers_of_json_are_one_label(tmp_path):
    """The JSON numbers 1 and 1.0, and the text "1", are one label and one group."""
    rows = [{"video": f"{n}.mp4", "label": x, "group": x} for n, x in enumerate((1, 1.0, "1"))]
    samples = read_rows(tmp_path / "t.jsonl", rows, VIDEOS)
    assert {(sample.label, sample.group) for sample in samples} == {("1", "1")}


@pytest.mark.parametrize(
    "cell", ['["A dog.", "A cat."]', "['A dog.' 'A cat.']", "['A dog.']", "('A dog.', \"It's.\")"]
)
def test_a_list_as_a_text_is_refused(tmp_path, cell):
    """A list of captions that a program wrote into one cell as a text is refused."""
    quoted = cell.replace('"', '""')
    with pytest.raises(DataError, match=r"line 2: expected one sentence in each cell"):
        read(tmp_path / "t.csv", f'image,caption\na.jpg,"{quoted}"\n')


def test_times_must_be_numbers(tmp_path):
    """The values true and false are not times."""
    row = {"video": "a.mp4", "label": "x", "start": False, "end": True}
    with pytest.raises(DataError, match="expected a label with its start and a later end"):
        read_rows(tmp_path / "t.jsonl", [row], VIDEOS)


def test_overlapping_labels_are_noted(tmp_path):
    """Videos in which parts with different labels overlap are named; parts may touch."""
    rows = [
        "a.mp4,x,0,2",
        "a.mp4,y,1,3",
        "b.mp4,x,0,2",
        "b.mp4,y,2,3",
        "c.mp4,x,0,2",
        "c.mp4,x,1,3",
    ]
    (tmp_path / "t.csv").write_text("\n".join(["video,label,start,end", *rows]))
    assert read_samples(str(tmp_path / "t.csv"), names=VIDEOS, required=()).notes == (
        "Videos with overlapping parts of different labels: 1 (a.mp4); where parts overlap, the "
        "label of the later row counts.",
    )
