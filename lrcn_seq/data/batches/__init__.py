"""From samples to batches: encoded captions, batch plans and the loader."""
