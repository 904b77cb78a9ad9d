"""From files to batches, without Keras, so that loading stays light."""
