"""Log probabilities of the words of given captions, with the image and without it."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.records import Clips, Encoded
from lrcn_seq.tasks import _word_probabilities as module
from lrcn_seq.tasks._word_probabilities import token_probabilities
from tests.tasks.inputs import fresh_captioner, image_clips, log_softmax, single_clip

TEXTS = [["a dog", "a red dog cat"], [], ["", "blue"]]
DECODERS = {
    "lrcn": "decoder={type: lrcn, units: 8, embedding: 4}",
    "attention_lstm": "decoder={type: attention_lstm, units: 8, embedding: 4}",
    "transformer": "decoder={type: transformer, units: 8, heads: 2, layers: 1}",
}


def log_probabilities(task, encoded: Encoded, text: str) -> np.ndarray:
    """Return the log probability of each word and of the end word, from a loop over `step`."""
    memory, state = task.decoder.start(encoded)
    words = [1, *task.tokenizer.encode(text), 2]
    found = []
    for word, target in zip(words, words[1:], strict=False):
        out = task.decoder.step(ops.convert_to_tensor([word], dtype="int32"), state, memory)
        state = out.state
        found.append(log_softmax(ops.convert_to_numpy(out.logits))[0, target])
    return np.array(found)


@pytest.mark.parametrize("name", DECODERS)
def test_probabilities_equal_a_loop_over_steps(name, images, monkeypatch):
    """Probabilities with and without the image are those of the steps of the decoder.

    Without the image, every region has the mean features.
    """
    task = fresh_captioner(DECODERS[name])
    monkeypatch.setattr(module, "CAPTIONS_PER_CALL", 3)
    monkeypatch.setattr(module, "WORDS_STEP", 5)
    clips = image_clips(images[:3])
    encoded = task.encoder(clips, training=False)
    mean = np.linspace(-1, 1, encoded.features.shape[-1])
    found = token_probabilities(task, clips, TEXTS, mean)
    assert [len(row) for row in found] == [2, 0, 2]
    absent = np.broadcast_to(mean, encoded.features.shape)[:1].astype("float32")
    for number, (texts, row) in enumerate(zip(TEXTS, found, strict=True)):
        own = Encoded(*(one[number : number + 1] for one in encoded))
        for text, tokens in zip(texts, row, strict=True):
            assert tokens.ids == task.tokenizer.encode(text)
            np.testing.assert_allclose(
                tokens.with_image, log_probabilities(task, own, text), atol=1e-5
            )
            np.testing.assert_allclose(
                tokens.without_image,
                log_probabilities(task, Encoded(ops.convert_to_tensor(absent), own.mask), text),
                atol=1e-5,
            )


def test_stored_features_give_the_probabilities_of_their_pixels(images):
    """Clips of features give the same probabilities as their images."""
    task = fresh_captioner()
    clips = image_clips(images[:2])
    features = Clips(task.frame_encoder.features(clips.frames), clips.index)
    mean = np.zeros(features.frames.shape[-1])
    for pixels, stored in zip(
        token_probabilities(task, clips, [["a dog"], ["red"]], mean),
        token_probabilities(task, features, [["a dog"], ["red"]], mean),
        strict=True,
    ):
        np.testing.assert_allclose(pixels[0].with_image, stored[0].with_image, atol=1e-5)


def test_padded_frames_stay_without_features(films):
    """The mean features replace those of real frames only, so that padding does not matter."""
    task = fresh_captioner(task="description")
    short, long = sorted(films, key=len)[:2]
    frames = np.concatenate([short, long])
    index = np.full((2, len(long)), -1, "int32")
    index[0, : len(short)] = np.arange(len(short))
    index[1] = len(short) + np.arange(len(long))
    size = int(task.encoder(single_clip(short), training=False).features.shape[-1])
    mean = np.full(size, 0.5)
    (together, _) = token_probabilities(task, Clips(frames, index), [["a dog"], ["a"]], mean)
    (alone,) = token_probabilities(task, single_clip(short), [["a dog"]], mean)
    np.testing.assert_allclose(together[0].without_image, alone[0].without_image, atol=1e-5)
    np.testing.assert_allclose(together[0].with_image, alone[0].with_image, atol=1e-4)


def test_a_long_caption_is_not_cut(images):
    """A caption with more words than `data.words_limit` has a probability for each of them."""
    task = fresh_captioner("data.words_limit=3")
    size = int(task.encoder(image_clips(images[:1]), training=False).features.shape[-1])
    ((tokens,),) = token_probabilities(
        task, image_clips(images[:1]), [["a dog a dog a cat"]], np.zeros(size)
    )
    assert len(tokens.with_image) == 7
    assert tokens.with_image.max() < 0


def test_probabilities_with_the_image_can_be_left_out(images):
    """Without `with_image`, the other probabilities are the same, and these are None."""
    task = fresh_captioner()
    clips = image_clips(images[:2])
    size = int(task.encoder(clips, training=False).features.shape[-1])
    mean, texts = np.full(size, 0.5), [["a dog"], ["red"]]
    both = token_probabilities(task, clips, texts, mean)
    single = token_probabilities(task, clips, texts, mean, with_image=False)
    for (one,), (other,) in zip(both, single, strict=True):
        assert one.with_image is not None
        assert other.with_image is None
        np.testing.assert_allclose(other.without_image, one.without_image, atol=1e-6)


def test_captions_are_padded_to_few_lengths():
    """Captions have start and end words, and a length of 1 plus a multiple of 4."""
    assert module.padded_words([[7], []]).tolist() == [[1, 7, 2, 0, 0], [1, 2, 0, 0, 0]]
    assert module.padded_words([[7, 7, 7, 7]]).shape == (1, 9)
