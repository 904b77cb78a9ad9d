"""Word alignment of two sentences for METEOR."""
