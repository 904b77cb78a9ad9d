"""How many frames are skipped at which load."""

from lrcn_seq.data.live.decoding_load import CALM_PERIODS, LEVELS, DecodingLoad


def after(*measurements: tuple[float, float]) -> int:
    """Return the number of the level after measurements (busy, video) in seconds."""
    load = DecodingLoad()
    for busy, video in measurements:
        load.add(busy, video)
    return LEVELS.index(load.level)


def test_nothing_is_skipped_while_decoding_keeps_up():
    """Decoding that takes as long as the video needs no skipping."""
    assert after(*[(0.04, 0.04)] * 1000) == 0


def test_more_is_skipped_in_each_period_of_overload():
    """Each two seconds of overload raise the level, up to the last one."""
    assert after(*[(1.0, 0.1)] * 1) == 0
    assert after(*[(1.0, 0.1)] * 2) == 1
    assert after(*[(1.0, 0.1)] * 4) == 2
    assert after(*[(1.0, 0.1)] * 40) == 2


def test_less_is_skipped_after_calm_periods():
    """A low load lowers the level only after many periods in a row."""
    overload = [(3.0, 1.0)]
    assert after(*overload, *[(0.1, 2.0)] * (CALM_PERIODS - 1)) == 1
    assert after(*overload, *[(0.1, 2.0)] * CALM_PERIODS) == 0


def test_a_middle_load_restarts_the_count_of_calm_periods():
    """A period of middle load changes no level and interrupts the calm."""
    calm = [(0.1, 2.0)] * (CALM_PERIODS - 1)
    assert after((3.0, 1.0), *calm, (1.9, 2.0), *calm) == 1
