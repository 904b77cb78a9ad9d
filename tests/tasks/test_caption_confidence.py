"""The probability that a caption is good, and the words that its image does not support."""

import json

import numpy as np
import pytest

from lrcn_seq import metrics
from lrcn_seq.errors import ArgumentError
from lrcn_seq.evaluation import GoodCaptions
from lrcn_seq.layers.untracked import Untracked
from lrcn_seq.metrics import PlattScaling, fit_platt
from lrcn_seq.records import Caption, CaptionWord
from lrcn_seq.tasks import SampleReader
from lrcn_seq.tasks import _caption_confidence as module
from lrcn_seq.tasks._caption_confidence import (
    CaptionConfidence,
    caption_features,
    caption_words,
    good_threshold,
    mean_features,
)
from lrcn_seq.tasks._caption_report import caption_sections
from lrcn_seq.tasks._word_probabilities import TokenProbabilities, token_probabilities
from lrcn_seq.text.character import Character
from lrcn_seq.text.word import Word
from tests.tasks.inputs import array_sample, fresh_captioner, image_clips, settings

GOOD = GoodCaptions(0.5, 20)
SCALING = PlattScaling((-1.0, 0.5), (0.5, 2.0), (1.5, -0.5), 0.25)
REFERENCES = ("a red dog", "a blue cat dog")


@pytest.fixture(scope="module")
def built_task():
    """Return an untrained task whose captions differ between images."""
    built = fresh_captioner("seed=3", "search.suppress_unknown=false")
    for weight in built.decoder.trainable_weights:
        weight.assign(weight * 3)
    return built


@pytest.fixture
def task(built_task):
    """Return the task without confidence."""
    built_task._confidence = Untracked(None)
    return built_task


@pytest.fixture(scope="module")
def samples(built_task, images):
    """Return 24 noisy copies of the images; the captions of half of them equal their references."""
    generator = np.random.default_rng(0)
    noise = generator.integers(-60, 60, (24, 32, 32, 3))
    copies = np.clip(np.stack(images * 4) + noise, 0, 255).astype("uint8")
    written = built_task.predict(copies)
    return [
        array_sample(
            str(number),
            copies[number],
            split="dev",
            captions=(prediction.captions[0].text,) if number % 2 else REFERENCES,
        )
        for number, prediction in enumerate(written)
    ]


def confidence_of(task, images, **changes) -> CaptionConfidence:
    """Return a confidence with the given values for a task."""
    width = int(task.encoder(image_clips(images[:1]), training=False).features.shape[-1])
    return CaptionConfidence(GOOD, SCALING, np.zeros(width), {})._replace(**changes)


def use(task, confidence) -> None:
    """Give a task a confidence."""
    task.restore_confidence(json.loads(json.dumps(confidence.as_dict())))


def features_by_hand(caption, tokens) -> list[float]:
    """Return the mean log probability per token, and the mean support per token."""
    count = len(tokens.ids) + 1
    total = caption.log_probability
    return [total / count, (total - sum(tokens.without_image)) / count]


def test_features_are_the_mean_log_probability_and_the_mean_support():
    """The features of a caption are means over its tokens and the end."""
    tokens = TokenProbabilities([4, 5], np.array([-4.0, -2.0, -6.0]))
    assert caption_features([Caption("a b", -6.0, -9.0)], [tokens]).tolist() == [[-2.0, 2.0]]


def test_fit_follows_the_captions_of_dev(task, samples):
    """The confidence is a logistic regression of CIDEr above its median on both features."""
    reader = SampleReader(task)
    record = task.fit_confidence(reader, samples, samples)
    clips = image_clips([sample.media for sample in samples])
    written = [row[0] for row in task.decode_hypotheses(task.write(clips))]
    texts = [caption.text for caption in written]
    references = {sample.id: list(sample.captions) for sample in samples}
    scores = metrics.cider(dict(zip(references, texts, strict=True)), references).sentences
    ciders = np.array([scores[name]["cider"] for name in references])
    tokens = token_probabilities(
        task, clips, [[text] for text in texts], np.array(record["mean_features"])
    )
    features = np.array(
        [features_by_hand(*pair) for pair in zip(written, [row[0] for row in tokens], strict=True)]
    )
    threshold = good_threshold(ciders)
    expected = fit_platt(features, ciders > threshold)
    assert record["good"] == {"threshold": threshold, "samples": 24, "reason": None}
    assert record["scaling"]["coefficients"] == pytest.approx(expected.coefficients, rel=1e-3)
    (prediction,) = task.predict([samples[5].media])
    assert prediction.captions[0].confidence == pytest.approx(
        expected.probabilities(features)[5], abs=1e-3
    )


def test_usual_support_is_the_mean_over_the_captions_of_dev(task, samples):
    """The record has the mean support of every word that a dev caption contains."""
    record = task.fit_confidence(SampleReader(task), samples, samples)
    supports = {}
    for prediction in task.predict([sample.media for sample in samples], word_support=True):
        for word in prediction.captions[0].words:
            supports.setdefault(word.word, []).append(word.support)
    assert record["usual_support"] == {
        word: pytest.approx(np.mean(values), abs=1e-3) for word, values in supports.items()
    }


def test_mean_features_are_those_of_spread_samples(task, samples, monkeypatch):
    """The mean features are the mean over images and regions of samples at equal distances."""
    monkeypatch.setattr(module, "MEAN_SAMPLES", 10)
    found = mean_features(task, SampleReader(task), samples)
    features = task.frame_encoder.features(np.stack([sample.media for sample in samples[::3]]))
    np.testing.assert_allclose(found, features.mean(axis=(0, 1)), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    ("count", "overrides", "reason"),
    [
        (19, [], "dev has 19 images, and 20 are needed"),
        (1, [], "dev has 1 image, and 20 are needed"),
        (24, ["training.train_on_dev=true"], "dev was trained on"),
    ],
)
def test_some_runs_have_no_confidence(  # noqa: PLR0917 - fixtures and cases
    task, samples, images, monkeypatch, count, overrides, reason
):
    """A dev split that is small or was trained on gives the support of words, but no confidence."""
    monkeypatch.setattr(task, "settings", settings("captioning", *overrides))
    record = task.fit_confidence(SampleReader(task), samples[:count], samples)
    assert record["scaling"] is None
    assert reason in record["good"]["reason"]
    (prediction,) = task.predict([images[0]], word_support=True)
    assert prediction.captions[0].confidence is None
    assert "confidence" not in prediction.row()["captions"][0]
    assert prediction.captions[0].words is not None


def test_captions_of_equal_cider_give_no_confidence(task, samples):
    """If all captions of dev have the same CIDEr, none of them is better than another."""
    same = [sample._replace(captions=("nothing alike",)) for sample in samples]
    record = task.fit_confidence(SampleReader(task), same, same)
    assert record["good"]["reason"].endswith("all captions of dev have the same CIDEr.")


@pytest.mark.parametrize(
    ("ciders", "threshold"), [([1, 2, 3, 4], 2.5), ([0, 0, 0, 1], 0), ([0, 1, 3, 3, 3], 1)]
)
def test_threshold_leaves_good_and_other_captions(ciders, threshold):
    """The threshold is the median, or a lower value if no caption exceeds the median."""
    assert good_threshold(np.array(ciders, float)) == threshold


def test_every_caption_has_a_confidence(task, images):
    """Each of several captions of an image has the confidence of its own words."""
    use(task, confidence_of(task, images))
    (prediction,) = task.predict([images[0]], best=3)
    texts = [caption.text for caption in prediction.captions]
    (tokens,) = token_probabilities(
        task, image_clips(images[:1]), [texts], task.confidence.mean_features
    )
    for caption, one in zip(prediction.captions, tokens, strict=True):
        features = features_by_hand(caption, one)
        odds = 0.25 + 1.5 * (features[0] + 1) / 0.5 - 0.5 * (features[1] - 0.5) / 2
        assert caption.confidence == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-5)
        assert caption.words is None


def test_confidence_leaves_captions_unchanged(task, images):
    """Texts, scores and log probabilities are those of the task without confidence."""
    before = task.predict(images, best=2)
    use(task, confidence_of(task, images))
    after = task.predict(images, best=2)
    assert [[caption.text for caption in one.captions] for one in after] == [
        [caption.text for caption in one.captions] for one in before
    ]
    np.testing.assert_allclose(
        [caption.score for one in after for caption in one.captions],
        [caption.score for one in before for caption in one.captions],
        rtol=1e-4,
    )


def test_words_below_their_usual_support_are_flagged():
    """A word is flagged if its support is low although it is usually high, or unknown."""
    tokenizer = Word(minimum_count=1).fit(["a red dog cat"])
    ids = tokenizer.encode("a red dog cat")
    tokens = TokenProbabilities(
        ids, np.array([-1.0, -1.4, -1.6, -0.5, -9.0]), np.array([-1.0, -1.0, -1.0, -1.0, -9.0])
    )
    confidence = CaptionConfidence(GOOD, None, np.zeros(1), {"a": 0.1, "red": 0.9, "dog": 0.9})
    words = confidence.words(tokenizer, tokens)
    assert [word.word for word in words] == ["a", "red", "dog", "cat"]
    assert [word.supported for word in words] == [True, False, True, False]
    assert [word.support for word in words] == pytest.approx([0.0, 0.4, 0.6, -0.5])


def test_tokens_of_a_word_are_added():
    """The log probability of a word is the sum of those of its tokens, here its characters."""
    tokenizer = Character().fit(["playing red"])
    values = -np.arange(1.0, 13)
    tokens = TokenProbabilities(tokenizer.encode("playing red"), 2 * values, values)
    words = list(caption_words(tokenizer, tokens))
    # The space belongs to the first word, and the end to none.
    assert words == [CaptionWord("playing", -36.0, -72.0), CaptionWord("red", -30.0, -60.0)]


def test_a_caption_without_words_has_no_support():
    """An empty caption has a confidence, but no words."""
    tokenizer = Word(minimum_count=1).fit(["a"])
    tokens = TokenProbabilities([], np.array([-1.0]), np.array([-1.0]))
    assert list(caption_words(tokenizer, tokens)) == []


def test_word_support_needs_a_confidence(task, images):
    """Without the mean features of a run, the support of words is refused."""
    with pytest.raises(ArgumentError, match="lrcn evaluate RUN"):
        task.predict([images[0]], word_support=True)


def test_inputs_without_captions_are_skipped(task, images):
    """Clips for which the search finds no caption stay without one."""
    confidence = confidence_of(task, images)
    rows = [(), (Caption("a dog", -1.0, -1.0),)]
    found = confidence.assess(task, image_clips(images[:2]), rows, words=False)
    assert found[0] == ()
    assert 0 < found[1][0].confidence < 1
    assert confidence.assess(task, image_clips(images[:2]), [(), ()], words=True) == [(), ()]


def test_the_record_is_read_as_it_was_written(task, images):
    """A confidence that is written as JSON and read again is the same."""
    written = confidence_of(task, images, usual_support={"a": 0.25})
    read = CaptionConfidence.from_dict(json.loads(json.dumps(written.as_dict())))
    assert read._replace(mean_features=None) == written._replace(mean_features=None)
    np.testing.assert_array_equal(read.mean_features, written.mean_features)


def test_an_ensemble_has_no_confidence(task, samples, images):
    """The confidence of a run is not that of its ensemble with another run."""
    from lrcn_seq.tasks import Member

    use(task, confidence_of(task, images))
    member = Member(task, SampleReader(task))
    evaluation = type(task).evaluate_ensemble([member, member], samples)
    assert evaluation.confidence() is None
    assert evaluation.good is None


def test_the_report_has_sections_on_confidence(task, samples, images):
    """The report of an evaluation with confidences has calibration and risk–coverage."""
    use(task, confidence_of(task, images, usual_support={}))
    evaluation = task.evaluate_samples(SampleReader(task), samples)
    names = [section.name for section in caption_sections(task, evaluation)]
    assert names == ["caption-diversity", "calibration", "risk-coverage", "caption-examples"]
    sections = caption_sections(task, evaluation)
    assert "0.500" in sections[1].html
    assert "These images belong to dev" in sections[1].html
    assert "confidence <b>" in sections[3].html


def test_the_report_states_why_there_is_no_confidence(task, samples, images):
    """Without confidence, the report has its reason; without a fit, it has nothing."""
    use(task, confidence_of(task, images, good=GoodCaptions(0.0, 3, "Too few."), scaling=None))
    evaluation = task.evaluate_samples(SampleReader(task), samples[:3])
    sections = caption_sections(task, evaluation)
    assert [section.name for section in sections][1:2] == ["confidence"]
    assert "Too few." in sections[1].html
    task._confidence = Untracked(None)
    evaluation = task.evaluate_samples(SampleReader(task), samples[:3])
    assert len(caption_sections(task, evaluation)) == 2


def test_a_caption_of_probability_zero_has_no_confidence(task, images):
    """A caption with words that the model excludes, but a search was forced to write, has none."""
    confidence = confidence_of(task, images)
    rows = [(Caption("a dog", -np.inf, -1.0),)]
    ((caption,),) = confidence.assess(task, image_clips(images[:1]), rows, words=True)
    assert caption.confidence is None
    assert len(caption.words) == 2
