"""Where this package came from. Written by the generator's run, never edited."""

OPENAPI_SHA256 = "66c05bd2843bffd66d1628c543c148cb289f1bb83afa950cf5fae825dacc867e"
"""SHA-256 of the openapi.yaml that this package was generated from."""

GENERATOR = "openapi-python-client 0.29.1"
"""The generator and its version."""
