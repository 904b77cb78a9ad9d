"""The compiled caption search."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Clips
from lrcn_seq.tasks import build_network
from lrcn_seq.tasks._caption_search import CaptionSearch, clip_seeds, mean_logits
from tests.tasks.inputs import fresh_captioner, image_clips, log_softmax, settings


def test_hypotheses_are_arrays_of_all_clips(captioner, images):
    """The hypotheses of all images are arrays with a row per image, sorted by score, best first."""
    search = CaptionSearch([captioner], {"type": "beam", "beams": 3})
    hypotheses = search.hypotheses([image_clips(images)])
    assert all(isinstance(array, np.ndarray) for array in hypotheses)
    assert hypotheses.words.shape == (6, 3, captioner.settings.data.words_limit + 1)
    assert (np.diff(hypotheses.scores, axis=1) <= 0).all()


def test_a_greedy_search_takes_the_most_probable_words(captioner, images):
    """Greedy search takes the most probable next word at each step up to the end word."""
    clips = image_clips(images[:1])
    search = CaptionSearch([captioner], {"type": "greedy"})
    hypotheses = search.hypotheses([clips])
    memory, state = captioner.decoder.start(captioner.encoder(clips, training=False))
    word, words, total = 1, [], 0.0
    while word != 2 and len(words) < search.limit:
        logits, _, state = captioner.decoder.step(np.array([word], "int32"), state, memory)
        log_p = log_softmax(logits)[0]
        word = int(log_p.argmax())
        total += log_p[word]
        words.append(word)
    assert hypotheses.words[0, 0][: len(words)].tolist() == words
    assert hypotheses.log_probabilities[0, 0] == pytest.approx(total, rel=1e-3)


def test_the_limit_is_that_of_the_config(images):
    """Hypotheses have `data.words_limit` positions for words and one for the end word."""
    task = build_network(settings("captioning", "data.words_limit=3"), 9)
    search = CaptionSearch([task], {"type": "greedy"})
    assert search.hypotheses([image_clips(images)]).words.shape[-1] == 4


def test_texts_of_a_search_are_words_of_the_task(captioner, images):
    """Captions begin with the prefix of a search and contain no forbidden words."""
    texts = {"prefix": "a large red", "forbidden": ["circle", "left of"]}
    search = {"type": "beam", "beams": 3, **texts}
    captions = captioner.captions(image_clips(images), search, best=3)
    texts = [caption.text for row in captions for caption in row]
    assert all(text.startswith("a large red ") for text in texts)
    assert not any("circle" in text.split() or "left of" in text for text in texts)


ATTENTION = "decoder={type: attention_lstm, units: 16, embedding: 8}"


def test_coverage_changes_scores_of_a_decoder_with_attention(images):
    """A coverage penalty lowers the scores of captions, but not their log probabilities."""
    task, clips = fresh_captioner(ATTENTION), image_clips(images)
    search = {"type": "beam", "beams": 3, "best": 1}
    plain = CaptionSearch([task], {**search, "length": "none"}).hypotheses([clips])
    covered = CaptionSearch([task], {**search, "length": "none", "coverage": 0.5})
    found = covered.hypotheses([clips])
    assert (plain.scores == plain.log_probabilities).all()
    assert (found.scores < found.log_probabilities).all()


def test_coverage_needs_a_decoder_with_attention(captioner):
    """A coverage penalty is refused for decoders without attention and for ensembles."""
    search = {"type": "beam", "coverage": 0.5}
    with pytest.raises(ArgumentError, match="Received: lrcn, which has no attention; set coverage"):
        CaptionSearch([captioner], search)
    with pytest.raises(ArgumentError, match="Received: an ensemble of 2 decoders"):
        CaptionSearch([fresh_captioner(ATTENTION)] * 2, search)


def test_coverage_without_attention_is_a_problem_of_the_config(captioner):
    """The check of a network reports a coverage penalty for a decoder without attention."""
    search = "search={type: beam, coverage: 0.5}"
    assert fresh_captioner(ATTENTION, search).network_problems() == []
    (problem,) = fresh_captioner(search).network_problems()
    assert "which has no attention" in problem.message


def test_hypotheses_are_reranked(captioner, images):
    """Minimum Bayes risk orders the captions of its inner search by their expected CIDEr."""
    inner = {"type": "beam", "beams": 4}
    clips = image_clips(images)
    plain = CaptionSearch([captioner], inner).hypotheses([clips])
    ranked = CaptionSearch([captioner], {"type": "minimum_bayes_risk", "search": inner})
    found = ranked.hypotheses([clips])
    expected = ranked.search.rerank(plain)
    assert (found.words == expected.words).all()
    assert (np.diff(found.scores, axis=1) <= 0).all()


def test_an_ensemble_of_equal_tasks_is_the_task(captioner, images):
    """An ensemble of two equal networks gives the captions and log probabilities of one network."""
    clips = image_clips(images)
    alone = captioner.decode_hypotheses(captioner.write(clips))
    search = CaptionSearch([captioner, captioner], captioner.settings.search, [1.0, 3.0])
    both = captioner.decode_hypotheses(search.hypotheses([clips, clips]))
    assert [row[0].text for row in alone] == [row[0].text for row in both]
    np.testing.assert_allclose(
        [row[0].log_probability for row in alone],
        [row[0].log_probability for row in both],
        rtol=1e-4,
    )


@pytest.mark.parametrize(
    ("weights", "shares"),
    [([1.0, 3.0], (0.25, 0.75)), (None, (0.5, 0.5)), ([0.0, 1.0], (0.0, 1.0))],
    ids=str,
)
def test_an_ensemble_averages_log_probabilities(images, weights, shares):
    """An ensemble averages log probabilities in float32, even with a half-precision member."""
    tasks = [
        build_network(settings("captioning", f"seed={seed}", f"training.precision={policy}"), 20)
        for seed, policy in ((1, "mixed_bfloat16"), (2, "float32"))
    ]
    clips = image_clips(images)
    starts = [task.decoder.start(task.encoder(clips)) for task in tasks]
    memory, state = zip(*starts, strict=True)
    word, expected = np.full(6, 1, "int32"), 0.0
    for task, share, task_state, task_memory in zip(tasks, shares, state, memory, strict=True):
        logits = task.decoder.step(word, task_state, task_memory).logits
        expected = expected + share * log_softmax(ops.convert_to_numpy(logits))
    search = CaptionSearch(tasks, {"type": "greedy"}, weights)
    output = search.step(word, state, memory)
    np.testing.assert_allclose(ops.convert_to_numpy(output.logits), expected, atol=1e-5)
    assert output.attention is None
    assert search.hypotheses([clips, clips]).words.shape[0] == 6


def test_the_mean_of_probabilities_is_stable():
    """The mean of probabilities is finite and exact where all of them underflow in float32."""
    logits = np.array([[0.0, -200.0, -300.0]], "float32"), np.array([[0.0, -210.0, 1.0]], "float32")
    found = ops.convert_to_numpy(mean_logits(logits, (0.25, 0.75), "probabilities"))
    logs = [
        log_softmax(row) + np.log(share) for row, share in zip(logits, (0.25, 0.75), strict=True)
    ]
    np.testing.assert_allclose(found, np.logaddexp(*logs), rtol=1e-5)
    np.testing.assert_allclose(np.exp(found).sum(), 1, rtol=1e-5)


@pytest.mark.parametrize("average", ["probabilities", "log_probabilities"])
def test_a_member_of_weight_zero_is_ignored(average):
    """A member of weight 0 does not change the mean, even if its logits are NaN."""
    logits = np.array([[0.0, 1.0]], "float32"), np.full((1, 2), np.nan, "float32")
    found = ops.convert_to_numpy(mean_logits(logits, (1.0, 0.0), average))
    np.testing.assert_allclose(found, log_softmax(logits[0]), rtol=1e-5)


def test_the_seed_of_a_clip_depends_on_its_frames_alone():
    """The seed of a clip depends only on the given seed and on the clip's frames in order."""
    frames = np.arange(4 * 12, dtype="uint8").reshape(4, 2, 2, 3)
    clips = Clips(frames, np.array([[0, 1], [1, 0], [2, -1], [0, 1]], "int32"))
    seeds = clip_seeds(clips, 7)
    assert seeds.dtype == np.int32
    assert (seeds >= 0).all()
    assert seeds[0] == seeds[3]
    assert len(set(seeds.tolist())) == 3
    other = Clips(frames[1:3], np.array([[1, -1, -1]], "int32"))
    assert clip_seeds(other, 7).tolist() == [seeds[2]]
    assert clip_seeds(clips, 8).tolist() != seeds.tolist()
