"""Captioning: its loss against NumPy, its predictions, the ways through its training."""

import keras
import numpy as np
import pytest
from lrcn_seq.tasks._writing import Ranker, Writer
from lrcn_seq.training.preparation import Media
from PIL import Image

import lrcn_seq
from lrcn_seq import config
from lrcn_seq.data.sources.shapes import Drawing
from lrcn_seq.errors import ArgumentError, ConfigError, RunError
from lrcn_seq.records import Batch, Clips
from lrcn_seq.registry import sources
from lrcn_seq.tasks._losses import by_owner, word_loss
from lrcn_seq.training import train

RANDOM = np.random.default_rng(0)


@pytest.fixture(scope="module")
def task(smoke_run):
    """The trained task."""
    return lrcn_seq.load(smoke_run)


@pytest.fixture(scope="module")
def pixels(smoke_run):
    """Six pictures (32, 32, 3) uint8."""
    return [Drawing(3, "test", number, 32).draw()[0] for number in range(6)]


def cross_entropy(logits, words, *, smoothing=0.0, weights=None) -> float:
    """The loss word by word, in float64."""
    total, real = 0.0, 0
    for b, row in enumerate(words):
        for place, word in enumerate(row):
            if word == 0:
                continue
            z = logits[b, place].astype(np.float64)
            p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
            target = np.full(len(z), smoothing / len(z))
            target[word] += 1 - smoothing
            weight = (
                1.0
                if weights is None
                else weights[b]
                if np.ndim(weights) == 1
                else weights[b, place]
            )
            total -= weight * float(target @ np.log(p))
            real += 1
    return total / max(real, 1)


LOGITS = RANDOM.normal(size=(3, 5, 7)).astype("float32") * 3
WORDS = np.array([[5, 4, 2, 0, 0], [3, 3, 6, 5, 2], [2, 0, 0, 0, 0]], "int32")


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
@pytest.mark.parametrize(
    "weights",
    [None, np.array([1.0, 0.0, 2.5], "float32"), RANDOM.uniform(size=(3, 5)).astype("float32")],
    ids=["plain", "by_sentence", "by_word"],
)
def test_the_loss_is_the_mean_over_real_words(smoothing, weights):
    """Equal to the sum word by word: padding counts for nothing, smoothing and weights as they should."""
    found = float(word_loss(LOGITS, WORDS, label_smoothing=smoothing, sample_weight=weights))
    assert found == pytest.approx(
        cross_entropy(LOGITS, WORDS, smoothing=smoothing, weights=weights), rel=1e-5
    )


def test_the_loss_of_padding_alone_is_zero():
    """Not a division by zero."""
    assert float(word_loss(LOGITS, np.zeros_like(WORDS))) == 0.0


def test_the_loss_stands_large_logits():
    """No overflow on the way."""
    assert float(word_loss(LOGITS * 1e4, WORDS)) == pytest.approx(
        cross_entropy_large(LOGITS * 1e4, WORDS), rel=1e-5
    )


def cross_entropy_large(logits, words) -> float:
    """The loss where the softmax underflows: by differences of logits."""
    losses = [
        z.max() + np.log(np.exp(z - z.max()).sum()) - z[word]
        for row, several in zip(logits.astype(np.float64), words, strict=True)
        for z, word in zip(row, several, strict=True)
        if word
    ]
    return float(np.mean(losses))


def batch_of(pixels, words) -> Batch:
    """Two pictures, three sentences, the last two of the second picture."""
    return Batch(
        Clips(np.stack(pixels[:2]), np.arange(2, dtype="int32")[:, None]),
        np.array([0, 1, 1], "int32"),
        words,
    )


SENTENCES = np.array([[1, 5, 4, 2, 0, 0], [1, 3, 3, 6, 5, 2], [1, 2, 0, 0, 0, 0]], "int32")


def test_training_minimizes_that_loss(pixels, smoke_config):
    """`compute_loss` shifts the words by one, smooths, and multiplies by the weight of the recipe."""
    task = lrcn_seq.build(
        config.read(smoke_config, ["training.loss={weight: 20.0, label_smoothing: 0.1}"]), words=9
    )
    batch = batch_of(pixels, SENTENCES)
    logits = np.asarray(task(batch, training=False))
    assert logits.shape == (3, 5, 9)
    weights = np.array([1.0, 2.0, 0.5], "float32")
    found = float(task.compute_loss(x=batch, y_pred=logits, sample_weight=weights))
    assert found == pytest.approx(
        20 * cross_entropy(logits, SENTENCES[:, 1:], smoothing=0.1, weights=weights), rel=1e-5
    )


def test_the_first_loss_is_that_of_guessing(pixels, smoke_config):
    """A fresh network gives every word about the same chance: ln V."""
    task = lrcn_seq.build(smoke_config, words=500)
    batch = batch_of(pixels, SENTENCES)
    assert float(task.compute_loss(x=batch, y_pred=task(batch))) == pytest.approx(
        np.log(500), rel=0.02
    )


def test_every_sentence_sees_its_own_picture(task, pixels):
    """The logits of a sentence are those it has alone with the picture that it belongs to."""
    together = np.asarray(task(batch_of(pixels, SENTENCES)))
    for row, owner in enumerate([0, 1, 1]):
        alone = Batch(
            Clips(pixels[owner][None], np.zeros((1, 1), "int32")),
            np.zeros(1, "int32"),
            SENTENCES[row : row + 1],
        )
        np.testing.assert_allclose(together[row], np.asarray(task(alone))[0], rtol=1e-4, atol=1e-5)


def test_sampling_nothing_is_teacher_forcing(pixels, smoke_config):
    """With a probability of 0 of its own words, the network sees the same words and gives the same logits."""
    task = lrcn_seq.build(
        config.read(smoke_config, ["training.scheduled_sampling.probability=0.5"]), words=9
    )
    encoded = by_owner(task.encoder(batch_of(pixels, SENTENCES).clips), np.array([0, 1, 1]))
    forced = np.asarray(task.decoder(encoded, SENTENCES[:, :-1]))
    uniforms = RANDOM.uniform(size=(5, 3)).astype("float32")
    mixed = {
        p: np.asarray(
            task.decoder.sampled(encoded, SENTENCES[:, :-1], probability=p, uniforms=uniforms)
        )
        for p in (0.0, 1.0)
    }
    np.testing.assert_allclose(mixed[0.0], forced, rtol=1e-4, atol=1e-5)
    assert not np.allclose(mixed[1.0], forced, atol=1e-4)
    np.testing.assert_allclose(mixed[1.0][:, 0], forced[:, 0], rtol=1e-4, atol=1e-5)


def test_training_samples_where_it_is_asked_to(pixels, smoke_config):
    """In training the task feeds its own words with the probability that stands in `own_words`; in testing never."""
    task = lrcn_seq.build(
        config.read(smoke_config, ["training.scheduled_sampling.probability=0.5"]), words=9
    )
    batch = batch_of(pixels, SENTENCES)
    task.encoder.trainable = False  # batch norm would differ between training and testing
    forced = np.asarray(task(batch, training=True))
    task.own_words.assign(1.0)
    assert not np.allclose(np.asarray(task(batch, training=True)), forced, atol=1e-4)
    np.testing.assert_allclose(
        np.asarray(task(batch, training=False)), forced, rtol=1e-4, atol=1e-5
    )


def test_fine_tuning_with_attention_runs(smoke_config, tmp_path):
    """The CNN in the graph, several sentences a picture, random views: it ends with scores, and the CNN has been trained with the rest."""
    overrides = [
        "data.plan=by_image",
        "data.view={type: crop_mirror}",
        "training.epochs=1",
        "decoder={type: attention_lstm, units: 16, embedding: 8}",
        "search={type: greedy}",
    ]
    settings = config.read(
        smoke_config, [*overrides, f"data.store.folder={tmp_path}", "data.source.train=20"]
    )
    run = train(settings, tmp_path / "run")
    trained = lrcn_seq.load(tmp_path / "run")
    fresh = lrcn_seq.build(settings, words=trained.decoder.vocabulary_size)
    assert len(run.history()) == 1
    assert not np.array_equal(fresh.encoder.get_weights()[0], trained.encoder.get_weights()[0])
    assert (tmp_path / "run" / "report.html").exists()


def test_captions_are_sentences_with_their_scores(task, pixels):
    """Words of the vocabulary, distinct texts, best score first, probabilities below one."""
    for prediction in task.predict(pixels, beams=5, best=3):
        assert prediction.error is None
        assert 1 <= len(prediction.captions) <= 3
        texts, scores = (
            [caption.text for caption in prediction.captions],
            [caption.score for caption in prediction.captions],
        )
        assert len(set(texts)) == len(texts)
        assert scores == sorted(scores, reverse=True)
        assert all(caption.log_probability < 0 for caption in prediction.captions)
        assert set(" ".join(texts).split()) <= set(task.tokenizer.vocabulary()[4:])


def test_the_log_probability_is_that_of_the_sentence(task, pixels):
    """Read off the teacher-forced network, the sentence with its end has the probability that was told."""
    for picture, prediction in zip(pixels[:2], task.predict(pixels[:2], best=2), strict=True):
        for caption in prediction.captions:
            ids = task.tokenizer.encode(caption.text)
            ended = [*ids, 2]
            words = np.array([[1, *ended]], "int32")
            logits = np.asarray(
                task(
                    Batch(
                        Clips(picture[None], np.zeros((1, 1), "int32")), np.zeros(1, "int32"), words
                    )
                )
            )[0].astype(np.float64)
            log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
            assert caption.log_probability == pytest.approx(
                log_p[np.arange(len(ended)), ended].sum(), rel=1e-3
            )
            ranked = Ranker(task)(
                Batch(Clips(picture[None], np.zeros((1, 1), "int32")), np.zeros(1, "int32"), words)
            )
            assert float(ranked[0]) == pytest.approx(caption.log_probability, rel=1e-3)


def test_no_sentence_is_longer_than_the_limit(smoke_config, pixels):
    """Also where it did not end: the place that the search leaves for the end is not for a word."""
    task = lrcn_seq.build(
        config.read(smoke_config, ["data.words_limit=3", "search={type: greedy}"])
    )
    clips = Clips(np.stack(pixels), np.arange(6, dtype="int32")[:, None])
    assert (task.write(clips).words[:, 0] != 0).sum(axis=1).max() == 4
    assert max(len(caption.text.split()) for (caption,) in task.captions(clips)) == 3


def test_pictures_come_in_any_shape(task, pixels, tmp_path):
    """The same picture as path, PIL picture and array says the same; gray, alpha and 16 bits are read too."""
    image = Image.fromarray(pixels[0])
    image.save(tmp_path / "a.png")
    image.convert("RGBA").save(tmp_path / "b.png")
    same = [
        str(tmp_path / "a.png"),
        tmp_path / "a.png",
        tmp_path / "b.png",
        image,
        image.convert("RGBA"),
        pixels[0],
        pixels[0][None],
    ]
    found = task.predict(same)
    assert [prediction.error for prediction in found] == [None] * len(same)
    assert len({prediction.captions[0].text for prediction in found}) == 1
    assert [prediction.file for prediction in found] == [
        *[str(tmp_path / "a.png")] * 2,
        str(tmp_path / "b.png"),
        "3",
        "4",
        "5",
        "6",
    ]
    others = task.predict(
        [
            image.convert("L"),
            pixels[0][:, :, 0],
            pixels[0][:, :, :1],
            image.convert("P"),
            image.convert("CMYK"),
            pixels[0][:, :, 0].astype("uint16") * 257,
        ]
    )
    assert all(prediction.captions and prediction.error is None for prediction in others)


def test_what_cannot_be_read_has_an_error_in_its_place(task, pixels, tmp_path):
    """The others are captioned as if it were not there."""
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut")
    mixed = [
        pixels[0],
        tmp_path / "broken.jpg",
        pixels[0] / 255.0,
        tmp_path / "absent.png",
        None,
        5,
        pixels[0][:, :, :2],
        np.zeros((0, 4, 3), "uint8"),
        pixels[1],
    ]
    found = task.predict(mixed, batch=4)
    assert [prediction.error is None for prediction in found] == [True, *[False] * 7, True]
    assert [found[0].captions[0].text, found[8].captions[0].text] == [
        prediction.captions[0].text for prediction in task.predict([pixels[0], pixels[1]])
    ]
    assert (
        found[2].error
        == "expected pixels (H, W, 3) uint8. Received: shape=(32, 32, 3), dtype=float64."
    )
    assert found[3].error == "expected an image; there is no such file."
    assert found[4].error == "expected a path, a PIL image or an array. Received: NoneType."
    assert [prediction.file for prediction in found] == [
        "0",
        str(tmp_path / "broken.jpg"),
        "2",
        str(tmp_path / "absent.png"),
        "4",
        "5",
        "6",
        "7",
        "8",
    ]


def test_only_broken_ones_and_none_at_all(task, tmp_path):
    """No batch is left to compute."""
    assert task.predict([]) == []
    (found,) = task.predict([tmp_path / "absent.png"])
    assert found.error
    assert found.captions == ()


@pytest.mark.parametrize(
    "media",
    [
        "cat.jpg",
        b"cat.jpg",
        5,
        None,
        np.zeros((32, 32, 3), "uint8"),
        {"a": 1},
        Image.new("RGB", (3, 3)),
    ],
    ids=lambda media: type(media).__name__,
)
def test_a_single_picture_is_asked_into_a_list(task, media):
    """A path is no list of letters, an array no list of rows."""
    with pytest.raises(ArgumentError, match="expected a list of paths, PIL pictures or arrays"):
        task.predict(media)


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        (
            {"search": "beam"},
            ArgumentError,
            "search: expected a mapping with a `type`, like that of a config. Received: search='beam'",
        ),
        ({"search": {"beams": 3}}, ArgumentError, "search: expected a mapping with a `type`"),
        ({"best": 0}, ArgumentError, "best: expected at least one sentence. Received: best=0"),
        (
            {"best": 4, "search": {"type": "greedy"}},
            ArgumentError,
            "best: expected 1, all that a search of the type greedy finds. Received: best=4; ask for beams",
        ),
        ({"batch": 0}, ArgumentError, "batch: expected at least one. Received: batch=0"),
        (
            {"beams": 0},
            ConfigError,
            r"search\.beams: expected a number greater than 0\. Received: 0",
        ),
        (
            {"search": {"type": "beem"}},
            ConfigError,
            r"search\.type: searches has no 'beem'\. Did you mean 'beam'",
        ),
        ({"search": {"type": "beam", "minimum_length": 40}}, ConfigError, "minimum_length=40"),
    ],
)
def test_wrong_options(task, options, error, sentence):
    """Are refused before any picture is read, in one sentence."""
    with pytest.raises(error, match=sentence) as caught:
        task.predict(["absent.png"], **options)
    assert "\x1b" not in str(caught.value)


def test_a_fresh_task_has_no_words(smoke_config):
    """Built for a number of words it cannot write; built with its source it can."""
    with pytest.raises(RunError, match="built for a number of words; train it, or load a run"):
        lrcn_seq.build(smoke_config, words=30).predict([])
    assert lrcn_seq.build(smoke_config).predict([]) == []


def test_the_search_becomes_as_wide_as_asked(task):
    """More sentences than beams, draws or the search's own `best` widen it; fewer leave it alone; the run's search stays as it was."""
    before = dict(task.settings.search)
    assert task.searching() == before == {"type": "beam", "beams": 3}
    assert task.searching(best=2)["beams"] == 3
    assert task.searching(best=7)["beams"] == 7
    assert task.searching({"type": "beam"}, best=7)["beams"] == 7
    assert task.searching({"type": "beam"}, best=2)["beams"] == 5
    assert task.searching({"type": "beam", "best": 1}, best=4)["best"] == 4
    assert task.searching({"type": "sampling"}, best=4)["draws"] == 4
    assert task.settings.search == before


def test_beams_make_a_beam_search_of_a_run_that_has_another(smoke_config):
    """But not of one that the call names."""
    task = lrcn_seq.build(config.read(smoke_config, ["search.type=greedy"]), words=9)
    assert task.searching(beams=4, best=2) == {"type": "beam", "beams": 4}
    with pytest.raises(
        ArgumentError,
        match=r"beams: only a beam search has them\. Received: beams=4 with a search of the type sampling",
    ):
        task.searching({"type": "sampling"}, beams=4)


def test_one_beam_is_greedy(task, pixels):
    """The narrowest beam writes what the greedy search writes."""
    greedy = task.predict(pixels, search={"type": "greedy"})
    beam = task.predict(pixels, beams=1)
    assert [prediction.captions[0].text for prediction in greedy] == [
        prediction.captions[0].text for prediction in beam
    ]


def test_predictions_see_what_evaluation_sees(smoke_config):
    """With a view that crops, a picture is cropped as in evaluation, not squeezed whole."""
    task = lrcn_seq.build(
        config.read(
            smoke_config, ["data.view={type: crop_mirror, margin: 1.5}", "data.store.use=false"]
        ),
        words=30,
    )
    samples = [
        sample for sample in sources.build(task.settings.data.source) if sample.split == "test"
    ]
    (clips,) = Media(task.settings, task).clips(samples, 8)
    seen = np.concatenate([task.frames(sample.media) for sample in samples])
    np.testing.assert_array_equal(seen, np.asarray(clips.frames))
    whole = lrcn_seq.build(smoke_config, words=30)
    assert not np.array_equal(seen[0], whole.frames(samples[0].media)[0])


def test_an_ensemble_of_one_task_twice_is_that_task(task, pixels):
    """The mean log probability of equal networks is the network's own, whatever the weights."""
    clips = Clips(np.stack(pixels), np.arange(6, dtype="int32")[:, None])
    alone = task.texts(task.write(clips))
    twice = task.texts(Writer([task, task], task.settings.search, [1.0, 3.0]).write([clips, clips]))
    assert [row[0].text for row in alone] == [row[0].text for row in twice]
    np.testing.assert_allclose(
        [row[0].log_probability for row in alone],
        [row[0].log_probability for row in twice],
        rtol=1e-4,
    )


def test_an_ensemble_is_the_weighted_mean_of_log_probabilities(smoke_config, pixels):
    """Of two different networks, one of them in half precision, computed here from the logits of each."""
    tasks = [
        lrcn_seq.build(
            config.read(smoke_config, [f"seed={seed}", f"training.precision={kind}"]), words=20
        )
        for seed, kind in ((1, "mixed_bfloat16"), (2, "float32"))
    ]
    clips = Clips(np.stack(pixels), np.arange(6, dtype="int32")[:, None])
    memory, state = zip(*(task.decoder.start(task.encoder(clips)) for task in tasks), strict=True)
    word, expected = np.full(6, 1, "int32"), 0.0
    for task, share, own, seen in zip(tasks, (0.25, 0.75), state, memory, strict=True):
        logits = keras.ops.convert_to_numpy(task.decoder.step(word, own, seen).logits).astype(
            np.float64
        )
        expected = expected + share * (logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)))
    writer = Writer(tasks, {"type": "greedy"}, [1.0, 3.0])
    np.testing.assert_allclose(writer.step(word, state, memory).logits, expected, atol=1e-5)
    assert writer.write([clips, clips]).words.shape[0] == 6


def test_attention_is_where_the_decoder_looked(smoke_config, task, pixels):
    """A distribution over the regions for every word; None for a decoder without attention."""
    clips, words = Clips(pixels[0][None], np.zeros((1, 1), "int32")), np.array([[5, 6, 2]], "int32")
    assert task.attention(clips, words) is None
    attending = lrcn_seq.build(
        config.read(smoke_config, ["decoder={type: attention_lstm, units: 16, embedding: 8}"]),
        words=30,
    )
    seen = attending.attention(clips, words)
    assert seen.shape == (1, 3, 16)
    np.testing.assert_allclose(seen.sum(axis=-1), 1.0, rtol=1e-5)
