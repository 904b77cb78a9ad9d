"""The report section on skipped files."""

from lrcn_seq.report.skipped_files import skipped_files


def test_few_files_are_listed_openly(parse):
    """A short table of skipped files with reasons is not collapsed."""
    html = skipped_files([("a<b.jpg", "truncated"), ("c.jpg", "empty")]).html
    text = "Skipped files 2 files were skipped. file reason a<b.jpg truncated c.jpg empty"
    assert parse(html).text == text
    assert "<details>" not in html


def test_one_file_is_in_the_singular(parse):
    """One skipped file is counted in the singular."""
    assert "1 file was skipped." in parse(skipped_files([("a.jpg", "empty")]).html).text


def test_many_files_are_collapsed_and_cut(parse):
    """A long table of skipped files is collapsed and lists the first 500 files."""
    html = skipped_files([(f"{i}.jpg", "truncated") for i in range(1700)]).html
    assert "<summary>1,700 files were skipped</summary>" in html
    assert html.count("truncated") == 500
    assert "1,200 more are not listed." in parse(html).text


def test_notes_of_the_source_come_first(parse):
    """The notes of the source come before the skipped files."""
    note = "3 clips are not in the folder <x>."
    alone, before = (parse(skipped_files(files, [note]).html) for files in ([], [("a", "b")]))
    assert alone.text == f"Notes on the data {note}"
    assert before.text.startswith(f"Skipped files {note} 1 file was skipped.")


def test_nothing_skipped_no_section():
    """Without skipped files and notes, the report has no section on skipped files."""
    assert skipped_files([]) is None
