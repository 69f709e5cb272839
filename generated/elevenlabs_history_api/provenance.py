"""Where this package came from. Written by the generator's run, never edited."""

OPENAPI_SHA256 = "20ec0b543fdaa536fcaf86bddd26e5516dedd8987b6ea09dd80f83aedf84b842"
"""SHA-256 of the openapi.yaml that this package was generated from."""

GENERATOR = "openapi-python-client 0.29.1"
"""The generator and its version."""
