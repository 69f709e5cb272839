"""Files that appear complete or not at all, and where they go."""
