"""A whole history on the disk: files, and a catalog that says what they are."""
