"""Download an ElevenLabs generation history: every clip, whole, and known for the item that it is."""
