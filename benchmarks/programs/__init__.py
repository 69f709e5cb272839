"""What is measured: each runs in the environment of its peer and needs nothing of this project but `told`."""
