"""Damaged images, frame folders and vectors: each is read or raises a MediaError within seconds.

To extend the test, add a file to `originals`. The environment variable FUZZ_SEED selects other
mutants, and FUZZ_MUTANTS sets their number per file:

    FUZZ_SEED=7 FUZZ_MUTANTS=200 python -m pytest -m slow tests/fuzz/test_image_fuzz.py
"""

import io
import os
import time
import warnings
from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media import ContentIndex, MediaReader
from lrcn_seq.data.media.frame_folder import FrameFolder
from lrcn_seq.data.media.vector_array import Vectors
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing
from tests.raw_images import COLOR, GRAY, png, tiff

SEED = os.environ.get("FUZZ_SEED", "0")
MUTANTS = int(os.environ.get("FUZZ_MUTANTS", "16"))
"""Number of mutants of each original."""
SECONDS_LIMIT = 10.0
SIZE = Preprocessing(12, 16)


def originals() -> dict[str, bytes]:
    """Return the contents of intact files by file name."""
    return images() | vectors()


def images() -> dict[str, bytes]:
    """Return images of all formats, modes and compressions by file name."""
    y, x = np.mgrid[0:40, 0:56]
    base = Image.fromarray(
        np.stack([4 * x, 6 * y, (x * y) % 256, 255 - 4 * x], axis=-1).astype(np.uint8)
    )
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "an image"
    saved = {
        "baseline.jpg": ("RGB", {"exif": exif, "comment": b"a comment"}),
        "progressive.jpg": ("RGB", {"progressive": True}),
        "restarts.jpg": ("L", {"restart_marker_blocks": 2}),
        "cmyk.jpg": ("CMYK", {}),
        "a.mpo": ("RGB", {"save_all": True, "append_images": [base.convert("RGB")]}),
        "rgb.png": ("RGB", {"exif": exif, "icc_profile": b"profile" * 20}),
        "rgba.png": ("RGBA", {}),
        "palette.png": ("P", {"transparency": 3}),
        "bilevel.png": ("1", {}),
        "moving.png": ("RGB", {"save_all": True, "append_images": [base.convert("RGB")]}),
        "a.gif": ("P", {"save_all": True, "append_images": [base.convert("P").rotate(90)]}),
        "a.bmp": ("RGB", {}),
        "palette.bmp": ("P", {}),
        "lossy.webp": ("RGB", {"exif": exif}),
        "lossless.webp": ("RGBA", {"lossless": True}),
        "moving.webp": ("RGB", {"save_all": True, "append_images": [base.convert("L")]}),
        "raw.tiff": ("RGB", {"exif": exif}),
        "lzw.tiff": ("RGBA", {"compression": "tiff_lzw"}),
        "jpeg.tiff": ("RGB", {"compression": "jpeg"}),
        "fax.tiff": ("1", {"compression": "group4"}),
        "deflate.tiff": ("CMYK", {"compression": "tiff_adobe_deflate"}),
        "lab.tiff": ("LAB", {}),
        "a.ppm": ("RGB", {}),
        "a.pgm": ("L", {}),
        "a.jp2": ("RGB", {}),
        "a.j2k": ("LA", {}),
        "a.avif": ("RGB", {}),
        "png.ico": ("RGBA", {"sizes": [(16, 16), (32, 32)]}),
        "bmp.ico": ("RGB", {"sizes": [(16, 16)], "bitmap_format": "bmp"}),
        "a.qoi": ("RGBA", {}),
    }
    files = {}
    for name, (mode, options) in saved.items():
        file, image = io.BytesIO(), base.convert("RGB").convert(mode) if mode == "LAB" else base
        image.convert(mode).save(file, Image.registered_extensions()[Path(name).suffix], **options)
        files[name] = file.getvalue()
    values = np.arange(48 * 9, dtype="<u2").reshape(9, 48) * 151
    return files | {
        "deep.tiff": tiff(values, white_is_zero=True),
        "signed.tiff": tiff(values.astype(">i2")),
        "wide.tiff": tiff(values.astype("<i4")),
        "deep.png": png((48, 9), 16, GRAY, [row.tobytes() for row in values], [(b"tRNS", b"\0\0")]),
        "color.png": png(
            (16, 9), 16, COLOR, [row.tobytes() for row in values], [(b"tRNS", bytes(6))]
        ),
        "text.png": png(
            (16, 9), 16, COLOR, [row.tobytes() for row in values], [(b"tEXt", b"k\0v")]
        ),
    }


def vectors() -> dict[str, bytes]:
    """Return the contents of `.npy` files by file name."""
    files = {}
    for name, array in (
        ("float.npy", np.ones((5, 8), np.float32)),
        ("fortran.npy", np.asfortranarray(np.ones((5, 8)))),
        ("int.npy", np.ones((3, 2), np.int16)),
    ):
        file = io.BytesIO()
        np.save(file, array)
        files[name] = file.getvalue()
    file = io.BytesIO()
    np.savez(file, a=np.ones((2, 2)))
    return files | {"archive.npy": file.getvalue()}


def mutant(content: bytes, other: bytes, random: Random) -> bytes:
    """Return the content of a file, truncated, changed in some bytes, overwritten or spliced."""
    place = random.randrange(len(content) + 1)
    # Headers are short, and damage to them has the most effects.
    if random.random() < 0.5:
        place = random.randrange(min(len(content), 80))
    length = random.choice([1, 2, 4, 16, 200])
    kind = random.choice(
        ["truncate", "flip", "set", "zero", "splice", "repeat", "insert", "remove"]
    )
    if kind == "truncate":
        return content[:place]
    if kind in ("flip", "set"):
        changed = bytearray(content)
        for _ in range(random.choice([1, 3, 10])):
            at = random.randrange(min(len(content), random.choice([40, 200, len(content)])))
            changed[at] ^= 1 << random.randrange(8) if kind == "flip" else random.randrange(256)
        return bytes(changed)
    fill = {
        "zero": random.choice([b"\0", b"\xff"]) * length,
        "splice": other[random.randrange(len(other)) :][:length],
        "repeat": content[random.randrange(len(content)) :][:length],
        "insert": random.randbytes(length),
        "remove": b"",
    }[kind]
    return content[:place] + fill + content[place + (0 if kind == "insert" else length) :]


def read(path: Path) -> None:
    """Read a file in every way in which the library reads it; this may raise a MediaError."""
    if path.suffix == ".npy":
        Vectors(path).content_hash(ContentIndex())
        Vectors(path).frames(SIZE)
        return
    for kind in ("images", "clips"):
        reader = MediaReader(kind, SIZE, pixels_limit=10_000_000)
        frames = reader.frames(path)
        assert frames.shape[1:] == (12, 16, 3)
        assert len(frames) == 1 or kind == "clips"
    indexed = MediaReader("images", SIZE, pixels_limit=10_000_000, index=ContentIndex())
    indexed.check(path)
    FrameFolder(path.parent).frames(SIZE)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(originals()))
def test_damaged_files_are_read_or_refused(tmp_path, name):
    """Reading a mutant raises no error but MediaError, and takes less than ten seconds."""
    files = originals()
    # The suffix of a video or animation would select another reader, so images end in `.jpg`.
    path = tmp_path / ("a.npy" if name.endswith(".npy") else "a.jpg")
    for number in range(MUTANTS):
        random = Random(f"{SEED}:{name}:{number}")
        content = mutant(files[name], files[random.choice(sorted(files))], random)
        path.write_bytes(content)
        started = time.monotonic()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                read(path)
            except MediaError as error:
                assert "\n" not in str(error), (name, number)
            except Exception as error:
                raise AssertionError(f"mutant {number} of {name}: {error!r}") from error
        assert time.monotonic() - started < SECONDS_LIMIT, (name, number)


def test_intact_files_are_read(tmp_path):
    """Every original but the archive is read, so that the mutants test the readers."""
    refused = []
    files = originals()
    for name, content in files.items():
        path = tmp_path / ("a.npy" if name.endswith(".npy") else "a.jpg")
        path.write_bytes(content)
        try:
            read(path)
        except MediaError:
            refused.append(name)
        path.unlink()
    assert refused == ["archive.npy"]
    assert len(files) == 40
