"""A server on loopback that answers like the ElevenLabs history API.

With it, tests need no key and no network::

    from elevenlabs_history import HistoryClient
    from elevenlabs_history_simulator import Fault, Simulator

    with Simulator(items=100) as simulator:
        simulator.faults.add(Fault.truncate(1000), on="download")
        client = HistoryClient(simulator.api_key, base_url=simulator.base_url)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .audio import item_id_of
    from .callers import CallerMistakesError
    from .faults import Fault, Faults
    from .history import History
    from .items import Item
    from .quirks import Quirks
    from .requests import ReceivedRequest
    from .server import DEFAULT_KEY, Simulator

__all__ = [
    "DEFAULT_KEY",
    "CallerMistakesError",
    "Fault",
    "Faults",
    "History",
    "Item",
    "Quirks",
    "ReceivedRequest",
    "Simulator",
    "item_id_of",
]

_HOMES = {
    "CallerMistakesError": "callers",
    "DEFAULT_KEY": "server",
    "Fault": "faults",
    "Faults": "faults",
    "History": "history",
    "Item": "items",
    "Quirks": "quirks",
    "ReceivedRequest": "requests",
    "Simulator": "server",
    "item_id_of": "audio",
}


def __getattr__(name: str) -> object:
    """Import a name when it is first used, so that the command can say that its extra is missing."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
