"""The demo, on a config that takes seconds: it measures, draws, captions; it is done again, gone on with, or refused."""

import argparse
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import lrcn_seq
from lrcn_seq import config as configs
from lrcn_seq import metrics
from lrcn_seq.cli import demo as verb
from lrcn_seq.data.media.video import Video
from lrcn_seq.errors import RunError
from lrcn_seq.records import Clips
from lrcn_seq.registry import sources
from lrcn_seq.runs.folder import Run
from lrcn_seq.training import demo as demos
from lrcn_seq.training import train

SMALL = {
    "data.source.train": 24,
    "data.source.dev": 4,
    "data.source.test": 8,
    "data.source.pixels": 24,
    "encoder.size": 24,
    "encoder.filters": 4,
    "decoder.units": 8,
    "decoder.embedding": 8,
    "decoder.attention": 8,
    "training.epochs": 2,
    "training.batch_size": 8,
}
FOLDER = Path("runs/demo")


def small(folder: Path, *changes: str) -> demos.Demo:
    """The demo of captioning with a network and a source that train in seconds."""
    shipped = demos.DEMOS["captioning"]
    config = configs.read(
        shipped.config, [*(f"{place}={value}" for place, value in SMALL.items()), *changes]
    )
    path = folder / "small.yaml"
    path.write_text(configs.dump(config), encoding="utf-8")
    return shipped._replace(config=path)


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """A small demo in a folder of its own, in the table in place of the real one."""
    monkeypatch.chdir(tmp_path)
    found = small(tmp_path)
    monkeypatch.setitem(demos.DEMOS, "captioning", found)
    return found


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A small demo that ran to its end: its table entry, its folder, and what it printed."""
    patch, folder, said = pytest.MonkeyPatch(), tmp_path_factory.mktemp("done"), []
    with patch.context() as context:
        context.chdir(folder)
        context.setitem(demos.DEMOS, "captioning", small(folder))
        context.setattr(
            "builtins.print",
            lambda *words, **options: (
                said.append(" ".join(map(str, words))) if "file" not in options else None
            ),
        )
        assert verb.run(argparse.Namespace(task="captioning")) == 0
    return SimpleNamespace(run=Run(folder / FOLDER), said="\n".join(said), folder=folder)


def times(run: Run) -> list[dict]:
    """One row for every epoch that was ever run in this folder."""
    return [json.loads(line) for line in (run / "times.jsonl").read_text().splitlines()]


def test_it_prints_what_it_measured(done):
    """The three figures, and where the report lies; both are there."""
    figures = json.loads((done.run / "demo.json").read_text())["figures"]
    assert list(figures) == ["count", "exact", "bleu_4", "shuffled_bleu_4"]
    for name in figures:
        assert verb.MEANINGS[name].format(figures[name]) in done.said
    assert str(FOLDER / "report.html") in done.said
    assert (done.run / "report.html").stat().st_size > 1000


def test_it_captions_files_as_the_verb_does(done, monkeypatch):
    """Each picture that it wrote, with the sentence that the run folder gives for this file."""
    monkeypatch.chdir(done.folder)
    files = sorted((FOLDER / "pictures").glob("*.png"))
    assert len(files) == demos.DRAWN
    assert {Image.open(file).size for file in files} == {(demos.SIDE, demos.SIDE)}
    for prediction in lrcn_seq.load(FOLDER).predict([str(file) for file in files]):
        assert f"{prediction.file}\t{prediction.captions[0].text}" in done.said


def test_shuffled_means_the_caption_of_another_picture(done):
    """BLEU-4 of every picture's references against the caption that the next one got."""
    rows = [json.loads(line) for line in (done.run / "predictions.jsonl").read_text().splitlines()]
    others = {
        row["id"]: following["caption"]
        for row, following in zip(rows, rows[1:] + rows[:1], strict=True)
    }
    expected = metrics.bleu(others, {row["id"]: row["references"] for row in rows})
    assert demos.sentence_figures(done.run)["shuffled_bleu_4"] == pytest.approx(
        expected.value, abs=1e-12
    )


@pytest.fixture
def again(done, demo):
    """A copy of the finished demo, in the folder where a demo would now be made."""
    shutil.copytree(done.run.folder, FOLDER)
    return Run(FOLDER)


def test_a_finished_demo_is_begun_afresh(again, demo):
    """Nothing is left to go on from, nor results of another time; what else lies in the folder stays."""
    (FOLDER / "note.txt").write_text("mine")
    assert again.begun
    demos.prepare(again, configs.read(demo.config))
    assert not again.begun
    assert not any((again / name).exists() for name in demos.RESULTS)
    assert (FOLDER / "note.txt").read_text() == "mine"
    assert not demos.finished(again)


def test_a_demo_of_another_config_is_begun_afresh(again, demo, tmp_path):
    """As after an update of the package; of the same config it goes on, also when its mark was cut short."""
    (again / "demo.json").write_text('{"finis')
    demos.prepare(again, configs.read(demo.config))
    assert again.begun
    demos.prepare(again, configs.read(small(tmp_path, "training.epochs=1").config))
    assert not again.begun


@pytest.mark.parametrize("lost", [[], ["state"], ["state", "config.yaml"]])
def test_a_run_of_ones_own_is_left_alone(again, demo, lost):
    """The same folder, but no demo trained there; also where only its weights were kept."""
    for name in ["demo.json", *lost]:
        (again / name).rename(again / f"old.{name}")
    weights = (again / "model.weights.h5").read_bytes()
    with pytest.raises(RunError, match="expected no run here, or that of a demo"):
        demos.perform(demo)
    assert (again / "model.weights.h5").read_bytes() == weights
    assert again.begun == (not lost)


def test_two_demos_at_once_do_not_share_a_folder(again, demo):
    """The second says that another process works there, and takes nothing away."""
    with again.locked(), pytest.raises(RunError, match="another process"):
        demos.perform(demo)
    assert again.begun
    assert demos.finished(again)


def test_a_stopped_demo_goes_on(demo):
    """The epoch that was done is not done again."""
    run, config = Run(FOLDER), configs.read(demo.config)
    demos.prepare(run, config)

    def stop(phase: str) -> None:
        if phase == "trained" and run.history():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config, FOLDER, resume=True, pause=stop)
    assert len(times(run)) == 1
    demos.perform(demo)
    assert [row["epoch"] for row in times(run)] == [0, 1]
    assert demos.finished(run)


def test_all_does_each_once(monkeypatch):
    """Every demo of the table."""
    asked = []
    monkeypatch.setattr(verb, "show", lambda task: asked.append(task) or 0)
    assert verb.run(argparse.Namespace(task="all")) == 0
    assert asked == list(demos.DEMOS) == list(verb.TASKS)


FILMS = [
    "data.source.train=24",
    "data.source.dev=4",
    "data.source.test=8",
    "data.source.pixels=16",
    "encoder.size=16",
    "encoder.filters=2",
    "encoder.blocks=1",
    "training.epochs=1",
]


def films(task: str, folder: Path, *changes: str) -> demos.Demo:
    """The demo of a video task that trains in seconds."""
    path = folder / f"{task}.yaml"
    path.write_text(
        configs.dump(configs.read(demos.DEMOS[task].config, [*FILMS, *changes])), encoding="utf-8"
    )
    return demos.DEMOS[task]._replace(config=path)


def test_the_demo_of_activity_measures_memory_against_none(tmp_path, monkeypatch):
    """The second run differs in its decoder alone, and its accuracy is the figure; a finished demo takes both away."""
    monkeypatch.chdir(tmp_path)
    demo = films("activity", tmp_path, "decoder.units=4")
    figures = demos.perform(demo)
    alone = demo.folder / "single_frame"
    assert figures["count"] == 8
    assert [figures["top_1"], figures["single_frame_top_1"]] == [
        json.loads((run / "scores.json").read_text())["metrics"]["top_1"]
        for run in (demo.folder, alone)
    ]
    one, other = (configs.read(run / "config.yaml") for run in (demo.folder, alone))
    assert one.model_copy(update={"decoder": other.decoder}) == other != one
    demos.prepare(Run(demo.folder), configs.read(demo.config))
    assert not alone.exists()


def test_the_demo_of_description_is_measured_again_with_its_frames_in_disorder(
    tmp_path, monkeypatch
):
    """Both figures are shares of all test clips."""
    monkeypatch.chdir(tmp_path)
    figures = demos.perform(
        films("description", tmp_path, "decoder.units=4", "data.sampling={type: every}")
    )
    assert set(figures) == {"count", "exact", "bleu_4", "disordered_exact", "disordered_directions"}
    assert all(
        (figures[name] * 8).is_integer()
        for name in ("exact", "disordered_exact", "disordered_directions")
    )


def test_disorder_keeps_the_frames_and_the_padding():
    """Only the order within each clip is another."""
    clips = Clips(np.arange(40), np.array([[*range(20)], [*range(20, 30), *[-1] * 10]]))
    found = demos.shuffled(clips, np.random.default_rng(0)).index
    assert (found != clips.index).any(axis=1).all()
    np.testing.assert_array_equal(found[1, 10:], -1)
    for before, after in zip(clips.index, found, strict=True):
        assert sorted(before) == sorted(after)
    assert clips.index[0, 0] == 0, "the clips given are left alone"


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("a small red circle moves left then a large blue ring moves right", True),
        ("a large pink cross moves right after a large pink cross moves left", True),
        ("a small red circle moves right then a large blue ring moves left", False),
        ("a small red circle moves", False),
    ],
)
def test_directions_count_by_themselves(said, right):
    """Whatever things are named, but in their order."""
    true = "a small red circle moves left before a large blue ring moves right"
    assert demos.directions_right({"caption": said, "references": [true]}) == right


def test_a_film_is_drawn_as_a_video_of_all_its_frames(tmp_path):
    """It decodes to as many."""
    sample = demos.unseen(configs.read(demos.DEMOS["activity"].config))[0]
    assert len(Video(demos.draw_film(sample, tmp_path)).times()) == len(sample.media.draw())


def test_every_config_has_its_demo():
    """The folder holds one config for each entry, and each is right."""
    assert sorted(demos.CONFIGS.glob("*.yaml")) == sorted(
        demo.config for demo in demos.DEMOS.values()
    )
    for demo in demos.DEMOS.values():
        configs.read(demo.config)


def test_training_never_shows_what_the_demo_is_measured_on():
    """Every test picture has a color and a shape that no training or dev picture puts together."""
    shown: dict[str, list[set]] = {}
    for sample in sources.build(
        configs.read(demos.DEMOS["captioning"].config).data.source, place="data.source"
    ):
        scene = sample.media.scene()
        shown.setdefault(sample.split, []).append(
            {(thing.color, thing.shape) for thing in (scene.first, scene.second)}
        )
    before = set().union(*shown["train"], *shown["dev"])
    assert len(shown["test"]) >= 200
    assert all(pairs - before for pairs in shown["test"])


@pytest.mark.slow
def test_the_real_demo_composes(tmp_path, monkeypatch):
    """85 % exactly right and BLEU-4 of 0.9 on combinations that training never showed; 0.4 at most without looking."""
    monkeypatch.chdir(tmp_path)
    figures = demos.perform(demos.DEMOS["captioning"])
    assert figures["exact"] >= 0.85
    assert figures["bleu_4"] >= 0.9
    assert figures["shuffled_bleu_4"] <= 0.4
