"""A server on loopback that answers like the ElevenLabs history API, for tests that must not need a key."""
