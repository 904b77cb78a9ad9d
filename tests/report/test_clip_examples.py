"""The report section on classified clips."""

import math
import re

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Label
from lrcn_seq.report.axes import LEFT, TOP
from lrcn_seq.report.clip_examples import ClipExample, clip_examples, probability_plot


def example(name="a.mp4", true_label="left", predicted="left", probability=0.8, **changes):
    clip = ClipExample(
        name,
        [Image.new("RGB", (40, 30))] * 3,
        true_label,
        predicted,
        probability,
        top=[Label(predicted, probability), Label("up", 0.1)],
        times=[0.0, 0.5, 1.0],
        over_time={"left": [0.5, 0.6, 0.7], "right": [0.4, 0.3, 0.2]},
    )
    return clip._replace(**changes)


def test_clips_are_grouped_and_ranked_by_confidence():
    """Misclassified, correct and unlabeled clips form groups, each sorted by confidence."""
    clips = [
        example("unsure", probability=0.4),
        example("sure", probability=0.9),
        example("wrong", predicted="right"),
        example("open", true_label=None),
    ]
    html = clip_examples(clips, incorrect=60, correct=1200).html
    names = re.findall(r'class="name" dir="auto">(.*?)<', html)
    assert names == ["wrong", "sure", "unsure", "open"]
    assert re.findall('<h3 class="kind">(.*?) <span>(.*?)</span>', html) == [
        ("Misclassified", "1 of 60"),
        ("Correct", "2 of 1,200"),
        ("Without a true label", "1"),
    ]


@pytest.mark.parametrize("total", [1, None])
def test_group_that_is_complete_has_its_count_only(total):
    """A heading omits the total number of clips if it is unknown or if all clips are shown."""
    assert "<span>1</span>" in clip_examples([example()], correct=total).html


def test_heat_maps_are_a_second_row():
    """Frames with Grad-CAM are shown below the frames, with a note that explains the colors."""
    heat_maps = [Image.new("RGB", (40, 30), "red")] * 3
    html = clip_examples([example(heat_maps=heat_maps), example()]).html
    assert html.count('class="strip"') == 3
    assert html.count("speak most for the prediction (Grad-CAM)") == 1
    assert "Grad-CAM" not in clip_examples([example()]).html


def test_empty_groups_are_left_out():
    """A group without clips has no heading."""
    assert re.findall('class="kind">(.*?) <', clip_examples([example()]).html) == ["Correct"]


def test_misclassified_clip_shows_its_true_label(parse):
    """The true label is shown for a misclassified clip only."""
    wrong = parse(clip_examples([example(true_label="right")]).html).text
    assert "left 80.0% incorrect true label: right" in wrong
    assert "left 80.0% correct" in parse(clip_examples([example()]).html).text


def test_bars_are_as_long_as_the_probabilities(parse):
    """The bar of a label is as long as the probability of the label."""
    top = [Label("left", 0.8), Label("up", 0.125), Label("down", math.nan)]
    html = clip_examples([example(top=top)]).html
    assert re.findall(r"--share:(.*?)%", html) == ["80.0", "12.5", "0.0"]
    assert "left 80.0% up 12.5% down –" in parse(html).text


def test_no_clips_no_section():
    """Without examples, the report has no section on clips."""
    assert clip_examples([]) is None


@pytest.mark.parametrize(
    ("true_label", "kinds"),
    [("left", ["prediction"]), ("right", ["true-label", "prediction"]), (None, ["prediction"])],
)
def test_plot_shows_prediction_and_true_label(true_label, kinds):
    """The plot of a misclassified clip has curves for the predicted and the true label."""
    html = probability_plot(example(true_label=true_label))
    assert re.findall('<g class="(.*?)">', html) == kinds


def test_plot_draws_probability_over_seconds():
    """The plot draws probabilities from 0 to 1 over the times of the frames."""
    html = probability_plot(example(over_time={"left": [0.0, 0.25, 1.0]}))
    [path] = re.findall(r'class="line" d="M(.*?)"', html)
    points = [tuple(map(float, point.split())) for point in path.split(" L")]
    # The plot is 284 units wide and 134 high.
    assert points == [
        (LEFT, TOP + 134),
        (LEFT + 142, TOP + 134 * 0.75),
        (LEFT + 284, TOP),
    ]
    assert ">0.4 s</text>" in html
    assert "probability over 1.0 seconds" in html


def test_plot_of_a_long_video_has_fewer_points():
    """The curve of a long video is thinned to at most 400 points."""
    hour = example(times=np.arange(3600), over_time={"left": np.linspace(0, 1, 3600)})
    assert 200 <= probability_plot(hour).count(" L") <= 400


def test_plot_of_one_moment_is_a_dot():
    """The plot of a single frame is a dot in the middle."""
    html = probability_plot(example(times=[2.0], over_time={"left": [0.5]}))
    assert f'<circle class="dot" cx="{LEFT + 142:.1f}" cy="{TOP + 67:.1f}"' in html
    assert ">2 s</text>" in html


def test_plot_has_gaps():
    """A curve is interrupted where the probability is NaN."""
    html = probability_plot(example(over_time={"left": [0.5, math.nan, 0.7]}))
    assert "nan" not in html
    assert html.count("<circle") == 2


@pytest.mark.parametrize("changes", [{"times": [], "over_time": {}}, {"over_time": {"up": [1]}}])
def test_clip_without_probabilities_over_time_has_no_plot(changes):
    """A clip has no plot without probabilities over time for its true or predicted label."""
    assert probability_plot(example(**changes)) == ""


def test_another_number_of_probabilities_than_of_times_is_an_error():
    """The error for different numbers of probabilities and times names the clip."""
    message = r"a\.mp4: expected one probability for each of 3 times\. Received: 2; "
    with pytest.raises(ArgumentError, match=message):
        clip_examples([example(over_time={"left": [0.5, 0.6]})])


def test_forty_clips_fit_a_page_of_a_megabyte_and_a_half(noise):
    """The example of a clip takes at most a fortieth of 1.5 MB."""
    frames = [noise(320, 240, seed) for seed in range(8)]
    html = clip_examples([example(frames=frames)]).html
    assert 5_000 < len(html.encode()) < 1_500_000 / 40
