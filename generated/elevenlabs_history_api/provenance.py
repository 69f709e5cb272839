"""Where this package came from. Written by the generator's run, never edited."""

OPENAPI_SHA256 = "3b09d4690604484f3eeeb97fda1491427b1a3d5200dfda7e9a6c203eda7a26c1"
"""SHA-256 of the openapi.yaml that this package was generated from."""

GENERATOR = "openapi-python-client 0.29.1"
"""The generator and its version."""
