"""A holder that hides an object from Keras's attribute tracking."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Untracked(Generic[T]):
    """Holds a value without making it a sublayer of the model that refers to it.

    Keras tracks every layer and variable that is assigned to an attribute of a model, also inside
    lists, tuples and dictionaries. It does not look inside this holder.

    Args:
        value: the object to hold.
    """

    def __init__(self, value: T):
        self.value = value
