"""Keras layers and tensor functions shared by encoders, decoders and tasks."""
