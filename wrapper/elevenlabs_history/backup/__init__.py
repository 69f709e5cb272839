"""A whole history on the disk: files, and a catalogue that says what they are."""
