"""Keras layers and tensor functions that several encoders, decoders and tasks share."""
