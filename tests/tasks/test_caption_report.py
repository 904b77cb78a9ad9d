"""The report sections of captioning tasks."""

import numpy as np
import pytest

from lrcn_seq.data.sources.shapes import Shapes
from lrcn_seq.evaluation import evaluate_captions
from lrcn_seq.records import Caption
from lrcn_seq.tasks._caption_report import attention_maps, caption_example, caption_sections
from tests.tasks.inputs import array_sample, fresh_captioner

WORDS = "a small large red green blue circle square is left of the right above"
ATTENTION = "decoder={type: attention_lstm, units: 16, embedding: 8}"


@pytest.fixture(scope="module")
def task():
    """Return an untrained task with attention over 4 × 4 regions."""
    return fresh_captioner(ATTENTION, words=WORDS)


@pytest.fixture(scope="module")
def plain():
    """Return an untrained task without attention."""
    return fresh_captioner(words=WORDS)


def evaluation_of(task, samples, texts):
    """Return the evaluation of the given captions."""
    captions = [Caption(text, -2.0, -1.0) for text in texts]
    return evaluate_captions(samples, captions, task.settings.evaluation, unknown="<unk>")


def numbered_samples(images, count: int):
    """Return samples and captions; the later the caption, the more words match the reference."""
    reference = "a b c d e f g h i j k l m n o p q r s t u v w x y z aa bb cc dd"
    words = reference.split()
    samples = [
        array_sample(f"sample{index:02d}", images[0], captions=(reference,))
        for index in range(count)
    ]
    texts = [" ".join(words[: index + 1] + ["no"] * (count - index - 1)) for index in range(count)]
    return samples, texts


def test_sections_are_diversity_and_examples(plain, images):
    """The report of a captioning task has a diversity section and an example section."""
    samples, texts = numbered_samples(images, 3)
    diversity, examples = caption_sections(plain, evaluation_of(plain, samples, texts))
    assert (diversity.name, examples.name) == ("caption-diversity", "caption-examples")
    assert "3 images" in examples.html
    assert "CIDEr" in examples.html
    assert all(sample.id in examples.html for sample in samples)


def test_the_best_and_worst_captions_are_examples(images):
    """Of 30 captions, the 12 with the best and the 12 with the worst ROUGE-L are shown."""
    task = fresh_captioner("evaluation.metrics=[rouge_l]", "training.monitor=rouge_l")
    samples, texts = numbered_samples(images, 30)
    _, examples = caption_sections(task, evaluation_of(task, samples, texts))
    shown = [index for index in range(30) if f"sample{index:02d}" in examples.html]
    assert shown == [*range(12), *range(18, 30)]
    assert "24 of 30 images" in examples.html
    assert examples.html.index("sample29") < examples.html.index("sample00")


def test_an_example_has_image_caption_and_references(plain, images):
    """Without attention, an example has no list of words, and its image is padded to a square."""
    sample = array_sample("x", images[0][:, :16], captions=("a red circle",))
    example = caption_example(plain, sample, Caption("a circle", -2.5, -1.0), 0.75)
    assert (example.name, example.caption, example.score) == ("x", "a circle", 0.75)
    assert example.log_probability == -2.5
    assert example.references == ("a red circle",)
    assert (example.words, example.attention) == ((), None)
    (image,) = example.images
    assert image.getpixel((5, 128)) == (0, 0, 0)


def test_an_example_tells_whether_the_caption_is_correct(plain):
    """A report example states whether the data source judges the caption correct."""
    (sample, *_) = Shapes(train=1, dev=0, test=0, pixels=32)
    correct = caption_example(plain, sample, Caption(sample.captions[0], -1.0, -1.0), 1.0)
    wrong = caption_example(plain, sample, Caption("a dog", -1.0, -1.0), 0.0)
    assert (correct.exact_match, wrong.exact_match) == (True, False)


def test_attention_maps_cover_the_input_of_the_encoder(task, images):
    """Each word has a 4 × 4 map of its attention weights over the image stretched to a square."""
    sample = array_sample("x", images[0][:, :16], captions=("a",))
    caption = Caption("a red circle", -1.0, -1.0)
    words, maps = attention_maps(task, sample, caption)
    assert words == ("a", "red", "circle")
    ids = np.array([task.tokenizer.encode("a red circle")], "int32")
    weights = task.attention(task.read_clip(sample.media), ids)[0]
    np.testing.assert_allclose(maps, weights.reshape(3, 4, 4), rtol=1e-5)
    example = caption_example(task, sample, caption, 1.0)
    assert example.words == words
    (image,) = example.images
    assert image.getpixel((5, 128)) != (0, 0, 0)


def test_some_captions_have_no_attention_maps(task, plain, images):
    """Empty captions and decoders without attention have no attention maps."""
    sample = array_sample("x", images[0])
    assert attention_maps(task, sample, Caption("", -1.0, -1.0)) == ((), None)
    assert attention_maps(plain, sample, Caption("a red circle", -1.0, -1.0)) == ((), None)


def test_attention_over_regions_that_are_no_square_is_not_shown(task, images, monkeypatch):
    """Attention maps are left out if the number of regions is 1 or not a square number."""
    sample, caption = array_sample("x", images[0]), Caption("a red", -1.0, -1.0)
    for regions in (1, 6):
        monkeypatch.setattr(task, "attention", lambda clips, words, r=regions: np.ones((1, 2, r)))
        assert attention_maps(task, sample, caption) == ((), None)


def test_clips_have_no_attention_maps(films):
    """Video captions have no attention maps because their regions span several frames."""
    task = fresh_captioner(words=WORDS, task="description")
    assert attention_maps(task, array_sample("x", films[0]), Caption("a red", -1, -1)) == ((), None)


def test_the_words_of_an_explained_example_have_heat_maps(plain, task, images):
    """An explained example has Grad-CAM for each word, also without attention."""
    sample = array_sample("x", images[0], captions=("a red circle",))
    caption = Caption("a red circle", -1.0, -1.0)
    for model in (plain, task):
        example = caption_example(model, sample, caption, 1.0, is_explained=True)
        assert example.words == ("a", "red", "circle")
        expected = model.explain(images[0], "a red circle").maps[:, 0]
        assert np.allclose(example.heat_maps, expected, atol=1e-6)
    assert caption_example(plain, sample, caption, 1.0).heat_maps is None
    empty = caption_example(plain, sample, Caption("", -1.0, -1.0), 1.0, is_explained=True)
    assert empty.heat_maps is None
