"""Image captioning: config problems, inputs of every kind, and training from start to end."""

import numpy as np
import pytest
from PIL import Image

import lrcn_seq
from lrcn_seq import config
from lrcn_seq.errors import ConfigError, MediaError
from lrcn_seq.registry import sources
from lrcn_seq.tasks import SampleReader
from lrcn_seq.training import train
from tests.tasks.inputs import fresh_captioner, settings


@pytest.mark.parametrize("override", ["sampling={type: every}", "frames=flow"])
def test_captioning_has_no_options_of_videos(override):
    """Captioning refuses `data.sampling` and optical flow because images have no frames."""
    place = override.split("=")[0]
    with pytest.raises(ConfigError, match=rf"data\.{place}: captioning reads images, which"):
        lrcn_seq.build(settings("captioning", f"data.{override}"), words=20)


def test_an_image_is_a_clip_of_one_frame(captioner, images):
    """A clip of several frames is reduced to its first frame for image captioning."""
    frames, index = captioner.read_clip(np.stack(images[:3]))
    np.testing.assert_array_equal(frames, images[0][None])
    assert index.tolist() == [[0]]


def test_vectors_are_a_clip_of_all_their_rows():
    """The vectors of an image, e.g. one for each image region, form one clip."""
    task = fresh_captioner("encoder={type: vectors, width: 3}")
    vectors = np.arange(12, dtype="float32").reshape(4, 3)
    frames, index = task.read_clip(vectors)
    np.testing.assert_array_equal(frames, vectors)
    assert index.tolist() == [[0, 1, 2, 3]]


def test_predictions_read_images_as_evaluation_does(images):
    """`predict` applies the same crop to an image as evaluation does."""
    overrides = ["data.view={type: crop_mirror, margin: 1.5}"]
    task, whole = fresh_captioner(*overrides), fresh_captioner()
    samples = [s for s in sources.build(task.settings.data.source) if s.split == "test"]
    (clips,) = SampleReader(task).clips(samples, 8)
    frames = np.concatenate([task.read_clip(sample.media).frames for sample in samples])
    np.testing.assert_array_equal(frames, np.asarray(clips.frames))
    assert not np.array_equal(frames[0], whole.read_clip(samples[0].media).frames[0])


def test_an_image_may_be_a_path_a_pil_image_or_an_array(captioner, images, tmp_path):
    """The same image as a path, PIL image or array gets the same caption."""
    image = Image.fromarray(images[0])
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    image.save(first)
    image.convert("RGBA").save(second)
    forms = [str(first), first, second, image, image.convert("RGBA"), images[0], images[0][None]]
    predictions = captioner.predict(forms)
    assert [prediction.error for prediction in predictions] == [None] * len(forms)
    assert len({prediction.captions[0].text for prediction in predictions}) == 1
    names = [prediction.file for prediction in predictions]
    assert names == [str(first), str(first), str(second), "3", "4", "5", "6"]


def test_images_of_every_mode_are_read(captioner, images):
    """Gray, palette, CMYK and 16-bit images are converted to RGB and captioned."""
    image, pixels = Image.fromarray(images[0]), images[0]
    forms = [
        image.convert("L"),
        pixels[:, :, 0],
        pixels[:, :, :1],
        image.convert("P"),
        image.convert("CMYK"),
        pixels[:, :, 0].astype("uint16") * 257,
    ]
    predictions = captioner.predict(forms)
    assert all(prediction.captions and prediction.error is None for prediction in predictions)


def test_unreadable_inputs_have_an_error_in_their_place(captioner, images, tmp_path):
    """An unreadable input gets an error; the other inputs of its batch get their usual captions."""
    broken, absent = tmp_path / "broken.jpg", tmp_path / "absent.png"
    broken.write_bytes(b"\xff\xd8\xff\xe0 cut")
    mixed = [
        images[0],
        broken,
        images[0] / 255.0,
        absent,
        None,
        5,
        images[0][:, :, :2],
        np.zeros((0, 4, 3), "uint8"),
        images[1],
    ]
    predictions = captioner.predict(mixed, batch=4, on_error="record")
    readable = [prediction.error is None for prediction in predictions]
    assert readable == [True, *[False] * 7, True]
    texts = [predictions[0].captions[0].text, predictions[8].captions[0].text]
    assert texts == [row.captions[0].text for row in captioner.predict([images[0], images[1]])]
    assert predictions[2].error == (
        "expected pixels (H, W, 3) uint8. Received: shape=(32, 32, 3), dtype=float64."
    )
    assert predictions[3].error == "expected an image; there is no such file."
    assert predictions[4].error == "expected a path, a PIL image or an array. Received: NoneType."
    names = [prediction.file for prediction in predictions]
    assert names == ["0", str(broken), "2", str(absent), "4", "5", "6", "7", "8"]


def test_a_batch_may_be_empty_or_unreadable(captioner, tmp_path):
    """`predict` accepts an empty list and a batch in which every input is unreadable."""
    assert captioner.predict([]) == []
    (prediction,) = captioner.predict([tmp_path / "absent.png"], on_error="record")
    assert prediction.error
    assert prediction.captions == ()


def test_training_with_attention_ends_with_a_report(smoke_config, tmp_path):
    """Training with attention updates the CNN and writes a report with attention maps."""
    overrides = [
        "data.plan=by_image",
        "data.view={type: crop_mirror}",
        "training.epochs=1",
        "decoder={type: attention_lstm, units: 16, embedding: 8}",
        "search={type: greedy}",
        f"data.store.folder={tmp_path}",
        "data.source.train=20",
    ]
    recipe = config.read(smoke_config, overrides)
    run = train(recipe, tmp_path / "run")
    trained = lrcn_seq.load(run.folder)
    fresh = lrcn_seq.build(recipe, words=trained.decoder.vocabulary_size)
    assert len(run.history()) == 1
    assert not np.array_equal(fresh.encoder.get_weights()[0], trained.encoder.get_weights()[0])
    assert 'class="attention"' in (run / "report.html").read_text()


def test_an_image_can_be_read_ahead(captioner, images, tmp_path):
    """An image that was read ahead gets the same captions as its path."""
    Image.fromarray(images[0]).save(tmp_path / "a.png")
    read = captioner.read_ahead(tmp_path / "a.png", beams=2)
    (ahead,), (alone,) = captioner.predict([read]), captioner.predict([tmp_path / "a.png"])
    assert ahead.captions == alone.captions
    (example,) = captioner.example_media()
    assert len(captioner.predict([example])) == 1


def test_an_unreadable_image_is_found_when_it_is_read_ahead(captioner, tmp_path):
    """`read_ahead` raises the error that `predict` records."""
    with pytest.raises(MediaError, match="there is no such file"):
        captioner.read_ahead(tmp_path / "absent.png")
