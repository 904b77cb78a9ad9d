"""Pictures made for the tests of the data layer."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def scene(width: int = 48, height: int = 32) -> np.ndarray:
    """(height, width, 3): red top left, green top right, blue bottom left, white bottom right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (255, 0, 0)
    pixels[: height // 2, width // 2 :] = (0, 255, 0)
    pixels[height // 2 :, : width // 2] = (0, 0, 255)
    pixels[height // 2 :, width // 2 :] = 255
    return pixels


@pytest.fixture
def pixels() -> np.ndarray:
    return scene()


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Twelve small JPEGs, each of one gray value, 10 apart."""
    paths = []
    for number in range(12):
        path = tmp_path / f"photo{number:02d}.jpg"
        Image.new("RGB", (40, 30), (number * 10,) * 3).save(path, quality=95)
        paths.append(path)
    return paths
