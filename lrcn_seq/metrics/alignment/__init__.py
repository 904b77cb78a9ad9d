"""Two sentences to the words that they share in some sense: what METEOR counts."""
