"""Where the bytes of a download go: memory, a file, or a folder of extracted files."""
