"""One module a question. Each has `SIZES`, one for each scale of a run, and `ask`, which answers with goals and results."""
