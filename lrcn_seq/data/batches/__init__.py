"""Batches of samples: encoded captions, batch plans and the loader."""
