"""`lrcn caption`: a picture, a folder, a glob; text, JSON, an output that goes on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lrcn_seq


@pytest.fixture(scope="module")
def task(smoke_run):
    """The run, loaded once for all calls of this file."""
    return lrcn_seq.load(smoke_run)


@pytest.fixture
def caption(lrcn, smoke_run, task, monkeypatch):
    """A function that calls `lrcn caption RUN ...`."""
    monkeypatch.setattr("lrcn_seq.load", lambda folder: task, raising=False)
    return lambda *arguments: lrcn("caption", smoke_run, *arguments)


def rows(called) -> list[dict]:
    """The results of `--json`, which is one line and all there is on stdout."""
    assert called.out.count("\n") == 1
    found = json.loads(called.out)
    assert list(found) == ["results"]
    return found["results"]


def test_one_picture_is_one_sentence(caption, pictures, task):
    """Nothing but the sentence."""
    called = caption(pictures / "a.png")
    assert called.code == 0
    assert called.out == task.predict([pictures / "a.png"])[0].captions[0].text + "\n"
    assert called.err == ""


def test_several_pictures_are_named(caption, pictures, task):
    """A folder, in the order of names: name, tab, sentence."""
    called = caption(pictures)
    expected = [
        f"{path}\t{task.predict([path])[0].captions[0].text}"
        for path in sorted(pictures.glob("[a-z]*"))
    ]
    assert len(expected) == 3
    assert called.out.splitlines() == expected


def test_a_glob_and_a_file_given_twice(caption, pictures):
    """Each file once; unicode and spaces in names and folders stay as they are."""
    called = caption(pictures / "*.png", pictures / "a.png", pictures / "b ü ß.jpg", "--json")
    assert [row["file"] for row in rows(called)] == [
        str(pictures / name) for name in ("a.png", "c 日本 [1].png", "b ü ß.jpg")
    ]


def test_json_has_the_sentences_with_their_numbers(caption, pictures):
    """Texts distinct, best score first."""
    called = caption(pictures, "--json", "--best", 5)
    assert called.err == ""
    for row in rows(called):
        assert row.keys() == {"file", "captions"}
        assert all(
            found.keys() == {"text", "log_probability", "score"} for found in row["captions"]
        )
        assert 2 <= len({found["text"] for found in row["captions"]}) == len(row["captions"]) <= 5
        scores = [found["score"] for found in row["captions"]]
        assert scores == sorted(scores, reverse=True)


def test_best_prints_a_line_a_sentence(caption, pictures):
    """With the file in front."""
    lines = caption(pictures / "a.png", "--best", 2).out.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"{pictures / 'a.png'}\t") for line in lines)


def test_the_search_can_be_changed(caption, pictures, task):
    """By key, by type, by beams; options may stand among the pictures."""
    picture = pictures / "a.png"
    expected = (
        task.predict([picture], search={"type": "beam", "beams": 2, "length": "none"})[0]
        .captions[0]
        .score
    )
    called = caption("--json", "--beams", 2, picture, "search.length=none", "--debug")
    assert rows(called)[0]["captions"][0]["score"] == pytest.approx(expected, rel=1e-5)
    greedy = task.predict([picture], search={"type": "greedy"})[0].captions[0].text
    assert caption(picture, "search.type=greedy").out == greedy + "\n"
    assert caption(picture, "search.block_ngram=2", "search.type=greedy").code == 0
    assert (
        len(
            rows(
                caption(picture, "search.draws=20", "search.type=sampling", "--json", "--best", 3)
            )[0]["captions"]
        )
        == 3
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["search.beamz=3"], "search.beamz: unknown argument. Did you mean 'beams'?"),
        (["search.beams=0"], "search.beams: expected a number greater than 0. Received: 0."),
        (["search.type=beem"], "search.type: searches has no 'beem'. Did you mean 'beam'?"),
        (
            ["search.minimum_length=50"],
            "search: expected a limit of at least minimum_length + 1 words. Received: limit=15, minimum_length=50.",
        ),
        (
            ["training.epochs=3", "search.x.y=3", "encoder.size=1"],
            "training.epochs=3: expected search.key=value; other sections cannot be changed here.\n  encoder.size=1: expected search",
        ),
        (["search.beams=["], "search.beams=[: expected YAML."),
        (["beams=3"], "beams=3: expected search.key=value; other sections cannot be changed here."),
    ],
)
def test_a_search_that_does_not_work(caption, pictures, arguments, sentence):
    """Is refused before a picture is read: exit code 2, no traceback, no escape sequences."""
    called = caption(pictures / "a.png", *arguments)
    assert called.code == 2
    assert called.out == ""
    assert sentence in called.err
    assert "\x1b" not in called.err


def test_one_that_cannot_be_read_does_not_stop_the_others(caption, pictures, broken):
    """Its sentence goes to stderr, the rest to stdout, and the exit code is 1."""
    called = caption(
        pictures / "a.png", *broken.values(), pictures / "absent.png", pictures / "b ü ß.jpg"
    )
    assert called.code == 1
    assert [line.partition("\t")[0] for line in called.out.splitlines()] == [
        str(pictures / "a.png"),
        str(pictures / "b ü ß.jpg"),
    ]
    sentences = called.err.splitlines()
    assert len(sentences) == 5
    for line, name in zip(sentences, [*broken.values(), pictures / "absent.png"], strict=True):
        assert line.startswith(f"lrcn caption: {name}: ")


def test_json_tells_what_failed_in_its_place(caption, pictures, broken):
    """A row with an error; stdout is still one object."""
    called = caption(broken["empty"], pictures / "a.png", "--json")
    assert called.code == 1
    assert rows(called)[0] == {
        "file": str(broken["empty"]),
        "error": "expected an image; the file is empty.",
    }
    assert "captions" in rows(called)[1]


def test_more_pictures_than_a_batch(caption, pictures, tmp_path):
    """Batches of sixteen join without a seam."""
    (tmp_path / "many").mkdir()
    for number in range(35):
        (tmp_path / "many" / f"{number:02d}.png").write_bytes((pictures / "a.png").read_bytes())
    called = caption(tmp_path / "many", "--json")
    assert [row["file"] for row in rows(called)] == [
        str(tmp_path / "many" / f"{number:02d}.png") for number in range(35)
    ]


def test_an_output_goes_on_where_it_stopped(caption, pictures, tmp_path, monkeypatch, task):
    """What is done is not done again, also after the last line was cut; at the end it is as if it had never stopped."""
    output = tmp_path / "o.jsonl"
    seen = []
    frames = task.frames
    monkeypatch.setattr(task, "frames", lambda media: (seen.append(str(media)), frames(media))[1])
    assert caption(pictures / "a.png", "--output", output).code == 0
    assert caption(pictures, "--output", output).code == 0
    assert [Path(name).name for name in seen] == ["a.png", "b ü ß.jpg", "c 日本 [1].png"]
    whole = output.read_text().splitlines()
    output.write_bytes(output.read_bytes()[:-15])
    again = caption(pictures, "--output", output)
    assert [Path(name).name for name in seen[3:]] == ["c 日本 [1].png"]
    assert again.out.startswith(str(pictures / "c 日本 [1].png"))
    for line, before in zip(output.read_text().splitlines(), whole, strict=True):
        assert json.loads(line)["file"] == json.loads(before)["file"]
        assert json.loads(line)["captions"][0]["text"] == json.loads(before)["captions"][0]["text"]
    assert caption(pictures, "--output", output, "--json").out == '{"results": []}\n'


def test_an_output_is_written_picture_by_picture(caption, pictures, tmp_path, monkeypatch, task):
    """Stopped in the middle, what was finished is there."""
    output = tmp_path / "o.jsonl"
    whole = task.predict(sorted(map(str, pictures.glob("[a-z]*"))))

    def stopped(files, **options):
        yield whole[0]
        raise KeyboardInterrupt

    monkeypatch.setattr(task, "predict", stopped)
    called = caption(pictures, "--output", output)
    assert called.code == 130
    assert [json.loads(line)["file"] for line in output.read_text().splitlines()] == [whole[0].file]


def test_a_name_that_is_no_utf_8(caption, pictures):
    """Is captioned, printed with an escape, and comes back from JSON as it is."""
    path = pictures / os.fsdecode(b"z\xff.png")
    path.write_bytes((pictures / "a.png").read_bytes())
    called = caption(path, pictures / "a.png")
    assert called.code == 0
    assert called.out.startswith(f"{pictures}/z\\udcff.png\t")
    assert rows(caption(path, "--json"))[0]["file"] == str(path)


def test_stdout_of_a_process_is_one_object(smoke_run, pictures, broken):
    """With everything that libraries print on the way; stderr has the one sentence of the broken picture."""
    command = [
        sys.executable,
        "-m",
        "lrcn_seq",
        "caption",
        smoke_run,
        pictures / "a.png",
        broken["cut"],
        "--json",
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert [list(row) for row in json.loads(result.stdout)["results"]] == [
        ["file", "captions"],
        ["file", "error"],
    ]
    assert result.stderr.startswith(
        f"lrcn caption: {broken['cut']}: the image is damaged or cut short"
    )
    assert result.stderr.count("\n") == 1
