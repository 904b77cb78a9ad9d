"""The interface of the outputs of a task."""

import pytest

from lrcn_seq.tasks import Outputs


class Moods(Outputs):
    """Outputs that implement only the abstract methods."""

    @classmethod
    def learn(cls, config, samples):
        return cls()

    @classmethod
    def load(cls, path):
        return cls()

    def save(self, path):
        path.write_text("calm")

    @property
    def names(self):
        return ("calm",)

    @classmethod
    def check_size(cls, size):
        return None


def test_outputs_are_abstract():
    """Outputs without a method of the interface cannot be constructed."""

    class Unsaved(Moods):
        save = Outputs.save

    with pytest.raises(TypeError, match="abstract"):
        Unsaved()


def test_outputs_have_no_advice_by_default():
    """Outputs return no sentences on splits or on few data, unless they override the methods."""
    assert tuple(Moods.split_notes({"train": ()})) == ()
    assert tuple(Moods.data_advice((), None, "image")) == ()
