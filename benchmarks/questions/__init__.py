"""One module a question. Each has `SIZES` for the scales of a run, and `ask`, which answers with goals and results."""
