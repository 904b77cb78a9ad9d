"""Best-effort timestamps of video frames, and frame times that ascend from 0."""

import numpy as np
import pytest

from lrcn_seq.data.media.timestamps import BestEffort, FrameClock


def best_effort(*pairs):
    """Return best-effort timestamps, given (presentation, decoding) timestamps of each frame."""
    stamps = BestEffort()
    return [stamps.timestamp(*pair) for pair in pairs]


def times(stamps, rate=25.0, **options):
    """Return the frame times that follow from timestamps in seconds."""
    clock = FrameClock(rate, **options)
    return [clock.advance(stamp) for stamp in stamps]


def test_presentation_timestamps_are_used_where_they_ascend():
    """Presentation timestamps are used even if decoding timestamps are missing or differ."""
    assert best_effort((0, -2), (1, -1), (2, 5), (3, None)) == [0, 1, 2, 3]


def test_decoding_timestamps_replace_missing_ones():
    """A decoding timestamp replaces a missing presentation timestamp, as in AVI."""
    assert best_effort((None, 2), (3, 3), (None, 4), (None, None)) == [2, 3, 4, None]


def test_decoding_timestamps_replace_faulty_ones():
    """Decoding timestamps are used as soon as presentation timestamps have had more faults."""
    assert best_effort((0, 0), (3, 1), (1, 2), (2, 3), (6, 4)) == [0, 3, 2, 3, 4]


def test_times_start_at_zero_and_keep_distances():
    """Frame times are the timestamps minus the first one, also at a variable frame rate."""
    np.testing.assert_allclose(times([1.6, 1.64, 5.0, 5.01]), [0, 0.04, 3.4, 3.41])


def test_frames_without_timestamps_follow_at_the_rate():
    """Frames without timestamps follow after one frame length, or the last distance if shorter."""
    np.testing.assert_allclose(times([None] * 4), np.arange(4) / 25)
    np.testing.assert_allclose(times([0, 0.02, None, None]), [0, 0.02, 0.04, 0.06])


@pytest.mark.parametrize(
    "second", [[0.0, 0.1, 0.2], [-7.0, -6.9, -6.8], [9e4, 9e4 + 0.1, 9e4 + 0.2]]
)
def test_a_restarted_clock_continues_after_one_frame(second):
    """If timestamps repeat, go back or jump far, frame times continue one frame length later."""
    found = times([0.0, 0.1, 0.2, *second], rate=10)
    np.testing.assert_allclose(found, np.arange(6) / 10, atol=1e-9)


def test_a_pause_of_minutes_is_not_a_jump():
    """A frame may be shown for minutes, unless `longest_step` limits its duration."""
    np.testing.assert_allclose(times([0, 0.04, 600.04]), [0, 0.04, 600.04])
    found = times([0, 0.04, 9.04, 600.04], longest_step=10.0)
    np.testing.assert_allclose(found, [0, 0.04, 9.04, 9.08])


@pytest.mark.parametrize("wrong", [0.04, 0.08, 7000.0])
def test_a_single_wrong_timestamp_does_not_shift_the_rest(wrong):
    """A single repeated or distant timestamp does not shift the times of later frames."""
    found = times([0, 0.04, 0.08, wrong, 0.16, 0.2])
    np.testing.assert_allclose(found, np.arange(6) * 0.04, atol=1e-9)


def test_a_step_at_an_expected_join_is_a_discontinuity():
    """Where a join is expected, a step of seconds is one frame long; other steps are kept."""
    clock = FrameClock(25.0)
    found = [clock.advance(stamp) for stamp in (0.0, 0.04, 5.0)]
    clock.expect_join()
    found += [clock.advance(stamp) for stamp in (5.04, 12.0, 12.04, 15.0)]
    np.testing.assert_allclose(found, [0, 0.04, 5, 5.04, 5.08, 5.12, 8.08])


def test_times_ascend_for_random_timestamps():
    """Frame times start at 0 and ascend strictly, whatever the timestamps."""
    random = np.random.default_rng(0)
    for _ in range(200):
        stamps = random.choice([None, 0.0, 0.04, 1.0, 1.00001, 5e3, -3.0, 2.0], 30).tolist()
        found = times(stamps, rate=random.choice([1.0, 25.0, 1000.0]))
        assert found[0] == 0.0
        assert (np.diff(found) > 0).all()
