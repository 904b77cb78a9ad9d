"""Files to batches. Loads no Keras, so that loader workers stay light."""
