"""CSV tables with a header."""

import pytest

from lrcn_seq.csv_table import check_columns, csv_records, normalize_name, open_csv_table
from lrcn_seq.errors import DataError


def read(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the columns and all rows of a table."""
    header, rows = open_csv_table("t.csv", text)
    return header, list(rows)


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,x y\n",
        "a;b\n1;x y\n",
        "a\tb\n1\tx y\n",
        " a , b \n 1 , x y ,,\n",
    ],
)
def test_the_delimiter_is_detected(text):
    """Commas, tabs and semicolons delimit cells, whose surrounding blanks are removed."""
    assert read(text) == (["a", "b"], [(2, ["1", "x y"])])


def test_a_stated_delimiter_is_used():
    """A first line `sep=|` states the delimiter, and counts as a line of the file."""
    assert read("sep=|\na|b\n1,2|3\n") == (["a", "b"], [(3, ["1,2", "3"])])


def test_rows_have_the_line_in_which_they_begin():
    """Blank rows are skipped, and quoted line ends count as lines."""
    assert read('a,b\n\n1,"x\ny"\n,\n2,z\n')[1] == [(3, ["1", "x\ny"]), (6, ["2", "z"])]


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_a_text_without_rows_has_no_columns(text):
    """An empty text has neither columns nor rows."""
    assert read(text) == ([], [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1\n", "t.csv, line 2: expected 2 columns as in the header. Received: 1; quote"),
        ("a,b\n1,2,3\n", "t.csv, line 2: expected 2 columns as in the header. Received: 3; quote"),
        ('a,b\n1,"2\n', "t.csv, line 2: expected a CSV row with closed quotes"),
        (
            "a,A \n1,2\n",
            "t.csv: expected columns of different names. Received: 2 columns named 'a'",
        ),
    ],
)
def test_malformed_tables_are_refused(text, message):
    """The error names the file, and the line of a malformed row."""
    with pytest.raises(DataError) as caught:
        read(text)
    assert str(caught.value).startswith(message)


def test_columns_without_a_name_may_repeat():
    """Several columns without a name are no error, and keep their places."""
    assert read("a,,\n1,2,3\n") == (["a", "", ""], [(2, ["1", "2", "3"])])


def test_records_are_read_with_options_of_the_csv_module():
    """Records of other dialects are read with their lines."""
    assert list(csv_records("t", "a|b\n", delimiter="|", first_line=4)) == [(4, ["a", "b"])]


def test_names_are_compared_without_case_and_blanks():
    """Two spellings of a name are one column."""
    assert normalize_name(" Image ") == "image"
    with pytest.raises(DataError, match="2 columns named 'image'"):
        check_columns("t", ["image", " IMAGE"])


@pytest.mark.parametrize(
    "text",
    [
        'file,caption\na.jpg,"A dog.\nb.jpg,A cat.\nc.jpg,A "cow"\n',
        'file;caption\na.jpg;"A dog.\nsub/b.jpg;A cat."\n',
        'id,caption\n1,"A dog.\n2,A cat.\n3,A cow."\n',
    ],
)
def test_a_row_in_a_cell_is_refused(text):
    """A cell that contains the next rows, after a quote that is not closed, is refused."""
    with pytest.raises(DataError, match=r"t\.csv, line 2: expected a"):
        read(text)


@pytest.mark.parametrize("cell", ["A dog.\nIt runs, fast.", "A dog\n\nruns", "Two dogs:\n2 dogs"])
def test_a_cell_may_have_several_lines(cell):
    """A quoted cell may have several lines that are not rows."""
    assert read(f'file,caption\na.jpg,"{cell}"\n')[1] == [(2, ["a.jpg", cell])]


@pytest.mark.parametrize("header", ["a,b", "\ufeffa,b", " a , b "])
def test_a_repeated_header_is_refused(header):
    """The header in a later line, as in joined files, is refused."""
    with pytest.raises(DataError, match=r"t\.csv, line 3: expected a row. Received: the header"):
        read(f"a,b\n1,2\n{header}\n3,4\n")
