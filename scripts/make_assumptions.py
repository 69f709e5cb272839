"""Make docs/assumptions.md from the table of the probe; `make_manual.py` writes it."""

from __future__ import annotations

from elevenlabs_history_probe import ASSUMPTIONS, Assumption

_HEAD = """\
# What is assumed about the server

This package was built from the vendor's published texts, recorded responses and the experience of other clients,
without a key to the live service. Where those are silent or contradict each other, it works whichever way the truth
falls. This page names each such point, what is likeliest, and what the package does. Anybody with a key can settle
most of them in a minute, read-only: [the probe](probe.md). [The simulator's quirks](simulator.md#quirks) do by default
what is likeliest, and switch it.

| | Unknown | Likeliest | What the package does |
|---|---|---|---|
"""
_TAIL = """
Never part of the history, so never part of a download: sound effects, music, agent conversations, zero-retention calls.

## What the probe does for each

| | How it asks | What it can't tell | Quirks |
|---|---|---|---|
"""


def page() -> str:
    """Return the page."""
    first = "".join(_row(each.id, each.question, each.assumed, each.handling) for each in ASSUMPTIONS)
    return _HEAD + first + _TAIL + "".join(map(_probed, ASSUMPTIONS))


def _probed(each: Assumption) -> str:
    return _row(each.id, each.how or "It does not.", each.why_not, ", ".join(f"`{name}`" for name in each.quirks))


def _row(name: str, *cells: str) -> str:
    return f"| `{name}` | {' | '.join(cells)} |\n"
