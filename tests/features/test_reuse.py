"""Conditions under which features are stored."""

import pytest

from lrcn_seq.features.reuse import storing_problem

STORED = dict(use=True, reads_pixels=True, frozen=True, frame_wise=True, view={"type": "none"})


def test_features_of_a_frozen_frame_wise_encoder_are_stored():
    """Features of a frozen frame-wise encoder without a view are stored."""
    assert storing_problem(**STORED) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (dict(use=False), "data.store.use is false"),
        (dict(reads_pixels=False), "the encoder takes vectors"),
        (dict(frozen=False), "the encoder is trained"),
        (dict(frame_wise=False), "the features of a frame also depend on other frames"),
        (dict(view={"type": "ten_crop"}), "data.view is ten_crop"),
        (dict(view={"type": "crop_mirror", "margin": 1.2}), "data.view is crop_mirror"),
    ],
)
def test_each_reason_not_to_store_features_is_named(change, reason):
    """Each condition that prevents storing features gives its own reason."""
    assert storing_problem(**STORED | change).startswith(reason)
