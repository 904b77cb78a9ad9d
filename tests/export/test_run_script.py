"""The script `run.py` of artifacts: its parts agree with the library, and it is short."""

import itertools

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media.image import StillImage
from lrcn_seq.data.media.image import fit as library_fit
from lrcn_seq.errors import UsageError
from lrcn_seq.export.formats import formats
from lrcn_seq.export.run_script import LINES, compose_script
from lrcn_seq.records import Preprocessing
from lrcn_seq.registry import samplings
from lrcn_seq.text.bpe import BytePair
from lrcn_seq.text.character import Character
from lrcn_seq.text.word import Word
from lrcn_seq.text.wordpiece import WordPiece
from tests.export.scripts import Echo, clip_description, description, functions

RULES = ("stretch", "crop", "pad")
FORMATS = ("savedmodel", "onnx", "litert", "stablehlo")
SAMPLINGS = (
    {"type": "uniform", "frames": 4},
    {"type": "every", "step": 3, "seconds": None, "most": 5},
    {"type": "every", "step": 1, "seconds": 0.2, "most": None},
    {"type": "random_clip", "length": 4, "step": 2, "seconds": None},
    {"type": "random_clip", "length": 4, "step": 1, "seconds": 0.1},
)
SLIDING = tuple(
    {
        "type": "sliding",
        "length": 4,
        "stride": 3,
        "step": 2,
        "seconds": seconds,
        "last_twice": twice,
    }
    for seconds in (None, 0.1)
    for twice in (False, True)
)
CAPTIONS = [
    "a dog's bone , and a cat 's",
    "well-known , isn't it ?",
    "ça , c' est un café !",
    "नमस्ते , दुनिया .",
    "a . , b ; _ , x",
]


def resize(rule, height=32, width=48):
    """Return the description of a resize rule."""
    return {"rule": rule, "height": height, "width": width, "interpolation": "bicubic"}


def noise(height, width):
    """Return an image of random pixels."""
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("rule", RULES)
def test_scripts_for_images_are_short(format, rule):
    """The script of an image captioner has at most 60 lines and compiles, for all options."""
    seeds = {"name": "seeds", "shape": [None], "dtype": "int32"}
    inputs = description()["inputs"]
    joining = {"separator": "", "substitutions": [], "latin_1": True}
    for more, height in itertools.product(([], [seeds]), (32, 40)):
        artifact = description(
            inputs=inputs + more, resize=resize(rule, height=height), joining=joining
        )
        source = compose_script(artifact, formats.build({"type": format}))
        assert source.count("\n") <= LINES
        assert "{{" not in source
        compile(source, "run.py", "exec")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("sampling", SAMPLINGS + SLIDING, ids=str)
def test_scripts_for_videos_are_short(format, sampling):
    """The script for videos has at most 60 lines and compiles, for all samplings."""
    answers = ("captions", "labels") if sampling in SAMPLINGS else ("labels",)
    for answer, rule in itertools.product(answers, RULES):
        artifact = clip_description(answer, sampling, resize=resize(rule))
        source = compose_script(artifact, formats.build({"type": format}))
        assert source.count("\n") <= LINES
        compile(source, "run.py", "exec")


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("size", [(90, 40), (31, 200), (700, 900)])
def test_images_are_resized_as_in_the_library(rule, size):
    """The script resizes images to the same pixels as the library, for every rule."""
    image = Image.fromarray(noise(*size))
    expected = library_fit(image, Preprocessing(32, 48, rule, "bicubic"))
    received = functions(description(resize=resize(rule)))["fit"](image)
    np.testing.assert_array_equal(received, expected)


def test_the_center_of_larger_images_is_cropped():
    """If images are read at a larger size than the input of the model, their center is cropped."""
    image = Image.fromarray(noise(80, 90))
    larger = library_fit(image, Preprocessing(36, 53, "stretch", "bicubic"))
    received = functions(description(resize=resize("stretch", 36, 53)))["fit"](image)
    np.testing.assert_array_equal(received, larger[2:34, 2:50])


@pytest.mark.parametrize("orientation", [1, 3, 6])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_files_are_read_as_in_the_library(tmp_path, suffix, orientation):
    """Rotated JPEG files and transparent PNG files have the same pixels as in the library."""
    image = Image.fromarray(noise(700, 500)).resize((500, 700))
    if suffix == "png":
        image.putalpha(Image.fromarray(noise(700, 500)[:, :, 0]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"image.{suffix}"
    image.save(path, exif=exif)
    preprocessing = Preprocessing(32, 48, "stretch", "bicubic")
    ((_, expected),) = StillImage(path).existing_frames({0}, preprocessing)
    (received,) = functions(description(resize=resize("stretch")))["read"](path)
    np.testing.assert_array_equal(received["inputs"][0], expected)


@pytest.mark.parametrize("count", [1, 3, 4, 25])
@pytest.mark.parametrize("sampling", SAMPLINGS + SLIDING, ids=str)
def test_frames_are_selected_as_in_the_library(tmp_path, sampling, count):
    """The script selects the frames of a video that the sampling of the library selects."""
    from lrcn_seq.data.media import MediaReader
    from lrcn_seq.export.real_inputs import write_video

    path = tmp_path / "clip.mov"
    write_video(path, np.stack([noise(32, 48) // 2 + number for number in range(count)]))
    inputs = clip_description("labels", sampling)["inputs"]
    inputs[0]["shape"][1] = 25
    read = functions(clip_description("labels", sampling, inputs=inputs))["read"]
    reader = MediaReader("clips", Preprocessing(32, 48, "stretch", "bilinear"))
    selected = samplings.build(sampling).test(reader.times(path))
    expected = [reader.frames(path, numbers) for numbers in selected]
    received = list(read(str(path)))
    assert [one["lengths"].tolist() for one in received] == [[len(clip)] for clip in expected]
    for one, clip in zip(received, expected, strict=True):
        np.testing.assert_array_equal(one["inputs"][0, : len(clip)], clip)
        assert not one["inputs"][0, len(clip) :].any()


@pytest.mark.parametrize(
    "tokenizer",
    [
        Word(minimum_count=1),
        WordPiece(minimum_count=1, pieces=60),
        BytePair(minimum_count=1, pieces=300),
        Character(minimum_count=1),
    ],
    ids=lambda tokenizer: type(tokenizer).__name__,
)
def test_words_are_joined_as_in_the_library(tokenizer):
    """The script decodes captions and random IDs to the texts of every tokenizer."""
    tokenizer.fit(CAPTIONS)
    joining = tokenizer.joining()
    artifact = description(
        vocabulary=joining.tokens,
        joining={
            "separator": joining.separator,
            "substitutions": joining.substitutions,
            "latin_1": joining.latin_1,
        },
    )
    text = functions(artifact)["text"]
    random = np.random.default_rng(0)
    size = tokenizer.vocabulary_size
    rows = [*tokenizer.encode_all(CAPTIONS), *random.integers(3, size, (200, 10)).tolist()]
    for row in rows:
        ids = [*row, 2, 0, 0]
        assert text(ids) == tokenizer.decode(ids[:10])


def test_seeds_are_those_of_the_library():
    """The seed of a random search depends on the pixels in the same way as in the library."""
    from lrcn_seq.tasks._caption_search import clip_seeds
    from tests.tasks.inputs import image_clips

    pixels = noise(32, 48)
    inputs = [*description()["inputs"], {"name": "seeds", "shape": [None], "dtype": "int32"}]
    names = functions(description(inputs=inputs))
    received = {}
    names["read"] = lambda path: iter([{"inputs": pixels[None]}])
    names["run"] = lambda arrays: (
        received.update(arrays)
        or {
            "words": np.array([[[4, 5, 2]]]),
            "scores": np.zeros((1, 1)),
            "log_probabilities": np.zeros((1, 1)),
        }
    )
    assert names["predict"]("file") == [("a dog", 0.0, 0.0)]
    assert received["seeds"].tolist() == clip_seeds(image_clips([pixels]), seed=1).tolist()


def test_labels_are_the_mean_over_clips():
    """The probability of a label is the mean over the clips of a video, best first."""
    names = functions(clip_description("labels", SLIDING[0]))
    rows = {0: [0.9, 0.1], 1: [0.2, 0.8], 2: [0.1, 0.9]}
    names["read"] = lambda path: iter([{"inputs": [place]} for place in rows])
    names["run"] = lambda arrays: {"probabilities": np.array([rows[arrays["inputs"][0]]])}
    (label, probability), _ = names["predict"]("file")
    assert (label, probability) == ("jump", pytest.approx(0.6))


def test_inputs_are_repeated_for_a_fixed_batch_size():
    """The script repeats its input if the model has a fixed batch size."""
    inputs = [{"name": "inputs", "shape": [3, 32, 48, 3], "dtype": "uint8"}]
    run = functions(description(inputs=inputs))["run"]
    assert run({"inputs": noise(32, 48)[None]})["inputs"].shape == (3, 32, 48, 3)


def test_an_unknown_sampling_is_refused():
    """A sampling of another package has no code in the script."""
    with pytest.raises(UsageError, match=r"data.sampling: expected uniform.*Received: my_frames"):
        compose_script(clip_description("labels", {"type": "my_frames"}), Echo())
