"""The one module that imports the HTTP library, so that a move to another one begins here."""

import httpx

__all__ = ["httpx"]
