"""Data loading, from files to batches, which does not import Keras."""
