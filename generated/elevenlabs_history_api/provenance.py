"""Where this package came from. Written by the generator's run, never edited."""

OPENAPI_SHA256 = "dd7654beb4aae79544bffa0892839e29f4b996e664c27c82ea76d1ff42282099"
"""SHA-256 of the openapi.yaml that this package was generated from."""

GENERATOR = "openapi-python-client 0.29.1"
"""The generator and its version."""
