"""Keras layers that more than one part uses."""
