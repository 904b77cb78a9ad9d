"""The demos that the package ships."""

import pytest

from lrcn_seq import config as configs
from lrcn_seq.demos import DEMOS
from lrcn_seq.demos.runner import run_demo
from lrcn_seq.demos.table import CONFIG_FOLDER
from lrcn_seq.registry import sources
from lrcn_seq.registry import tasks as registry


def test_every_config_has_its_demo():
    """Each of the three configs belongs to a demo."""
    paths = sorted(CONFIG_FOLDER.glob("*.yaml"))
    assert len(paths) == 3
    assert paths == sorted(demo.config for demo in DEMOS.values())


@pytest.mark.parametrize("task", sorted(DEMOS))
def test_demo_fits_its_task(task):
    """The config and the command of each demo belong to the task of the demo."""
    demo = DEMOS[task]
    assert configs.read(demo.config).task["type"] == task
    assert registry.get(task).verb == demo.verb


def test_demos_do_not_share_a_folder():
    """Each demo has its own run folder."""
    folders = [str(demo.folder) for demo in DEMOS.values()]
    assert folders == ["runs/demo", "runs/demo-activity", "runs/demo-description"]


def test_test_images_show_unseen_pairs():
    """Every test image has a pair of color and shape that is in no training or dev image."""
    config = configs.read(DEMOS["captioning"].config)
    pairs: dict[str, list[set]] = {"train": [], "dev": [], "test": []}
    for sample in sources.build(config.data.source, place="data.source"):
        scene = sample.media.scene()
        things = (scene.first, scene.second)
        pairs[sample.split].append({(thing.color, thing.shape) for thing in things})
    seen = set().union(*pairs["train"], *pairs["dev"])
    assert len(pairs["test"]) >= 200
    assert all(shown - seen for shown in pairs["test"])


@pytest.mark.slow
def test_captioning_demo_composes_unseen_pairs(tmp_path):
    """The demo reaches 85 % exact captions and BLEU-4 0.9; shuffled captions have at most 0.4."""
    figures = run_demo(DEMOS["captioning"]._replace(folder=tmp_path / "run"))
    assert figures["exact"] >= 0.85
    assert figures["bleu_4"] >= 0.9
    assert figures["shuffled_bleu_4"] <= 0.4
