"""The command `lrcn extract`, which fills the feature store of a config."""

import pytest

FROZEN = [
    "encoder={type: applications, network: MobileNetV2, size: 32, alpha: 0.35}",
    "data.source={type: shapes, train: 5, dev: 2, test: 2, pixels: 32}",
]


def test_repeated_extraction_finds_stored_features(lrcn, smoke_config, tmp_path):
    """A repeated extraction finds the features of all splits in the store."""
    arguments = [smoke_config, *FROZEN, f"data.store.folder={tmp_path}"]
    expected = f"{tmp_path}: features of 9 samples; 9 stored in total for this encoder.\n"
    for _ in range(2):
        result = lrcn("extract", *arguments)
        assert (result.code, result.out) == (0, expected)


@pytest.mark.parametrize(
    "overrides", [[], [*FROZEN, "data.view={type: crop_mirror}"]], ids=["trained", "random views"]
)
def test_features_that_change_cannot_be_stored(lrcn, smoke_config, tmp_path, overrides):
    """Features of a trainable encoder or of random views cannot be stored."""
    result = lrcn("extract", smoke_config, f"data.store.folder={tmp_path}", *overrides)
    assert (result.code, result.out) == (2, "")
    assert "encoder: expected a frozen encoder of images, with data.view none" in result.err
