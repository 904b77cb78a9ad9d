"""The command `lrcn caption` on a trained run: search options, broken images, and output files."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lrcn_seq


@pytest.fixture(scope="module")
def task(smoke_run):
    """Return the captioning task of the run."""
    return lrcn_seq.load(smoke_run)


@pytest.fixture
def caption(lrcn, smoke_run, task, monkeypatch):
    """Return a function that calls `lrcn caption RUN ...`."""
    monkeypatch.setitem(vars(lrcn_seq), "load", lambda folder: task)
    return lambda *arguments: lrcn("caption", smoke_run, *arguments)


def rows(result) -> list[dict]:
    """Return the entry `results` of the JSON that a call with `--json` printed."""
    return json.loads(result.out)["results"]


def test_caption_of_one_image_is_printed_alone(caption, images, task):
    """For a single image, the best caption is printed without the file name."""
    (prediction,) = task.predict([images / "a.png"])
    assert caption(images / "a.png") == (0, prediction.captions[0].text + "\n", "")


def test_encoder_is_not_compiled_for_few_images(caption, images, task, monkeypatch):
    """The encoder runs eagerly for up to `FEW_IMAGES` images, and is compiled for more."""
    eager = []
    for count in (2, 3):
        monkeypatch.setattr("lrcn_seq.cli.caption.FEW_IMAGES", count)
        caption(images)
        eager.append(task.frame_encoder.run_eagerly)
    assert eager == [False, True]


def test_captions_of_a_folder_follow_the_file_name(caption, images, task):
    """Captions of a folder are sorted by file name, which may contain spaces and any script."""
    paths = [images / name for name in ("a.png", "b ü ß.jpg", "c 日本 [1].png")]
    texts = [prediction.captions[0].text for prediction in task.predict(paths)]
    expected = [f"{path}\t{text}" for path, text in zip(paths, texts, strict=True)]
    assert caption(images).out.splitlines() == expected


def test_json_has_distinct_captions_best_first(caption, images):
    """JSON output lists distinct captions, best score first, each with its log probability."""
    result = caption(images, "--json", "--best", 5)
    assert (result.err, result.out.count("\n")) == ("", 1)
    assert list(json.loads(result.out)) == ["results"]
    for row in rows(result):
        assert list(row) == ["file", "captions"]
        assert all(list(c) == ["text", "log_probability", "score"] for c in row["captions"])
        texts = [c["text"] for c in row["captions"]]
        assert 2 <= len(set(texts)) == len(texts) <= 5
        scores = [c["score"] for c in row["captions"]]
        assert scores == sorted(scores, reverse=True)


def test_best_prints_several_captions_after_the_file_name(caption, images):
    """With `--best 2`, both captions of a single image follow its file name."""
    lines = caption(images / "a.png", "--best", 2).out.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"{images / 'a.png'}\t") for line in lines)


def test_beams_and_overrides_may_stand_among_the_images(caption, images, task):
    """Options and search overrides may precede or follow the images."""
    image, search = images / "a.png", {"type": "beam", "beams": 2, "length": "none"}
    (prediction,) = task.predict([image], search=search)
    result = caption("--json", "--beams", 2, image, "search.length=none", "--debug")
    score = rows(result)[0]["captions"][0]["score"]
    assert score == pytest.approx(prediction.captions[0].score, rel=1e-5)


def test_type_of_the_search_can_be_overridden(caption, images, task):
    """Overriding the type of the search replaces the values of the run by the type's defaults."""
    (prediction,) = task.predict([images / "a.png"], search={"type": "greedy"})
    result = caption(images / "a.png", "search.type=greedy")
    assert result.out == prediction.captions[0].text + "\n"


def test_overrides_of_a_search_may_come_in_any_order(caption, images):
    """An override of a search argument may precede the override of the type."""
    result = caption(
        images / "a.png", "search.draws=20", "search.type=sampling", "--json", "--best", 3
    )
    assert len(rows(result)[0]["captions"]) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search.beamz=3"], "search.beamz: unknown argument. Did you mean 'beams'?"),
        (["search.beams=0"], "search.beams: expected a number greater than 0. Received: 0."),
        (["search.type=beem"], "search.type: searches has no 'beem'. Did you mean 'beam'?"),
        (["search.minimum_length=50"], "Received: limit=15, minimum_length=50."),
        (
            ["training.epochs=3"],
            "training.epochs=3: expected search.key=value; other sections cannot be changed here.",
        ),
        (["search.beams=["], "search.beams=[: expected YAML."),
        (["beams=3"], "beams=3: expected search.key=value; other sections cannot be changed here."),
    ],
)
def test_wrong_search_is_refused_before_an_image_is_read(caption, images, arguments, message):
    """An invalid search gives one message without escape sequences, and no image is read."""
    result = caption(images / "a.png", images / "absent.png", *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert "\x1b" not in result.err
    assert "absent.png" not in result.err


def test_broken_images_do_not_stop_the_others(caption, images, broken):
    """Each broken image gets its own message on stderr, and the other images are captioned."""
    failing = [*broken.values(), images / "absent.png"]
    result = caption(images / "a.png", *failing, images / "b ü ß.jpg")
    assert result.code == 1
    names = [line.partition("\t")[0] for line in result.out.splitlines()]
    assert names == [str(images / "a.png"), str(images / "b ü ß.jpg")]
    assert len(result.err.splitlines()) == len(failing) == 5
    for line, path in zip(result.err.splitlines(), failing, strict=True):
        assert line.startswith(f"lrcn caption: {path}: expected ") or "damaged" in line


def test_more_images_than_a_batch(caption, images, tmp_path, task):
    """The results of several batches are in the order of the files."""
    (tmp_path / "many").mkdir()
    paths = [tmp_path / "many" / f"{number:02d}.png" for number in range(35)]
    assert len(paths) > task.predict_batch_size
    for path in paths:
        path.write_bytes((images / "a.png").read_bytes())
    result = caption(tmp_path / "many", "--json")
    assert [row["file"] for row in rows(result)] == list(map(str, paths))


def test_output_continues_after_a_crash(caption, images, tmp_path, task, monkeypatch):
    """After a crash, a repeated call captions only the image whose output line is incomplete."""
    output, opened, frames = tmp_path / "o.jsonl", [], task.read_clip
    assert caption(images, "--output", output).code == 0
    complete = [json.loads(line) for line in output.read_text().splitlines()]
    output.write_bytes(output.read_bytes()[:-15])
    monkeypatch.setattr(task, "read_clip", lambda path: (opened.append(path), frames(path))[1])
    assert caption(images, "--output", output).code == 0
    assert [Path(path).name for path in opened] == ["c 日本 [1].png"]
    repeated = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["file"] for row in repeated] == [row["file"] for row in complete]
    for row, expected in zip(repeated, complete, strict=True):
        assert row["captions"][0]["text"] == expected["captions"][0]["text"]


def test_file_name_that_is_not_utf8(caption, images):
    """A file name that is not UTF-8 is printed with an escape, and preserved in JSON output."""
    path = images / os.fsdecode(b"z\xff.png")
    path.write_bytes((images / "a.png").read_bytes())
    assert caption(path, images / "a.png").out.startswith(f"{images}/z\\udcff.png\t")
    assert rows(caption(path, "--json"))[0]["file"] == str(path)


@pytest.mark.parametrize(
    "case",
    [
        (["IMAGES/*.jpeg"], 2, "*.jpeg: no file matches."),
        (["EMPTY"], 2, "empty: expected a folder with files; it is empty."),
        (["IMAGES", "--output", "BROKEN"], 2, "expected the JSON lines of an earlier call."),
        (["IMAGES", "--output", "EMPTY"], 2, "expected a file that can be written."),
        (["IMAGES", "--output", "/dev/full"], 1, "/dev/full: expected to write a line."),
    ],
)
def test_wrong_files_and_outputs(caption, images, broken, case):
    """An unusable input or output file gives one message, and existing files are not changed."""
    arguments, code, message = case
    (images.parent / "empty").mkdir()
    places = {
        "IMAGES": str(images),
        "EMPTY": str(images.parent / "empty"),
        "BROKEN": str(broken["text"]),
    }
    for name, path in places.items():
        arguments = [argument.replace(name, path) for argument in arguments]
    result = caption(*arguments)
    assert (result.code, result.out) == (code, "")
    assert message in result.err
    assert result.err.count("\n") == 1
    assert broken["text"].read_bytes() == b"hello, I am a text\n"


def test_process_prints_one_object_and_one_sentence(smoke_run, images, broken):
    """A process prints the result on stdout, errors on stderr, and nothing else."""
    command = [sys.executable, "-m", "lrcn_seq", "caption", smoke_run]
    result = subprocess.run(
        [*command, images / "a.png", broken["cut"], "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    keys = [list(row) for row in json.loads(result.stdout)["results"]]
    assert keys == [["file", "captions"], ["file", "error"]]
    assert result.stderr.startswith(f"lrcn caption: {broken['cut']}: ")
    assert result.stderr.count("\n") == 1


def test_unsupported_words_are_marked(caption, images, task):
    """`--word-support` adds the words to JSON, and brackets unsupported ones in the text."""
    (row,) = rows(caption(images / "a.png", "--json", "--word-support"))
    (words,) = [one["words"] for one in row["captions"]]
    assert [word["word"] for word in words] == row["captions"][0]["text"].split()
    assert all(
        word["support"] == pytest.approx(word["log_probability"] - word["without_image"])
        for word in words
    )
    line = " ".join(one["word"] if one["supported"] else f"[{one['word']}]" for one in words)
    assert caption(images / "a.png", "--word-support").out == line + "\n"
    (plain,) = rows(caption(images / "a.png", "--json"))
    assert "words" not in plain["captions"][0]
