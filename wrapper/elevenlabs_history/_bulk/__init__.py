"""`download_all`: a queue of batches, workers, and what was learned of the server's limits."""
