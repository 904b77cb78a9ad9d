"""The method `predict` of tasks that write captions."""

import keras
import numpy as np
import pytest
from keras import ops
from PIL import Image

from lrcn_seq.errors import ArgumentError, ConfigError, MediaError, SearchError
from lrcn_seq.search.base import NO_SENTENCE
from tests.tasks.inputs import fresh_captioner


def test_a_search_of_the_call_replaces_that_of_the_run(captioner, images):
    """`predict` uses the search that it is given and does not change the search of the run."""
    before = dict(captioner.settings.search)
    greedy = captioner.predict(images, search={"type": "greedy"})
    narrow = captioner.predict(images, beams=1)
    assert [row.captions[0].text for row in greedy] == [row.captions[0].text for row in narrow]
    assert captioner.settings.search == before


def test_the_search_of_the_run_may_be_widened(captioner):
    """`resolve_search` widens the run's search to the `best` and `beams` of the call."""
    assert captioner.resolve_search() == captioner.settings.search
    assert captioner.resolve_search(best=7) == {**captioner.settings.search, "beams": 7}
    greedy = fresh_captioner("search.type=greedy")
    assert greedy.resolve_search(beams=4, best=2) == {"type": "beam", "beams": 4}
    with pytest.raises(ArgumentError, match="beams: expected a beam search"):
        greedy.resolve_search({"type": "greedy"}, beams=4)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"search": "beam"}, ArgumentError, "search: expected a mapping with a `type`"),
        ({"best": 0}, ArgumentError, r"best: expected at least 1 caption\. Received: best=0"),
        ({"batch": 0}, ArgumentError, r"batch: expected at least 1\. Received: batch=0"),
        ({"beams": 0}, ConfigError, r"search\.beams: expected a number greater than 0"),
    ],
)
def test_invalid_options_are_refused_before_media_are_read(captioner, options, error, message):
    """`predict` checks its options before it opens any file."""
    with pytest.raises(error, match=message) as caught:
        captioner.predict(["absent.png"], **options)
    assert "\x1b" not in str(caught.value)


def test_a_single_input_gives_its_prediction(captioner, images):
    """`predict` of a single image returns its prediction instead of a list."""
    (expected,) = captioner.predict(images[:1])
    assert captioner.predict(images[0]) == expected
    assert captioner.predict(Image.fromarray(images[0])).captions == expected.captions


def test_an_unreadable_input_is_raised(captioner, images, tmp_path):
    """`predict` raises the error of an input by default, and records it if asked to."""
    media = [images[0], tmp_path / "absent.png"]
    with pytest.raises(MediaError, match=r"absent\.png"):
        captioner.predict(media)
    assert [row.error is None for row in captioner.predict(media, on_error="record")] == [
        True,
        False,
    ]


def test_an_input_without_a_caption_has_an_error(images, monkeypatch):
    """The prediction of an image with NaN logits has an error; other images have captions."""
    task = fresh_captioner("search={type: beam, beams: 2}")
    start = task.decoder.start

    def start_with_nan(encoded):
        memory, state = start(encoded)
        second = ops.reshape(ops.arange(3) == 1, (3, 1))
        return memory, keras.tree.map_structure(lambda x: ops.where(second, np.nan, x), state)

    monkeypatch.setattr(task.decoder, "start", start_with_nan)
    with pytest.raises(SearchError, match="1: "):
        task.predict(images[:3], best=2)
    found = task.predict(images[:3], best=2, on_error="record")
    assert [row.error for row in found] == [None, NO_SENTENCE, None]
    assert [bool(row.captions) for row in found] == [True, False, True]
