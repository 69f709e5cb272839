"""The probe against simulators, and against servers that are none."""

import pytest
from elevenlabs_history_probe import Limits
from elevenlabs_history_simulator import Simulator
from support.probes import fill, make_busy, probe


@pytest.fixture
def probed():
    """Probe a simulator of these quirks whose history tells everything apart."""

    def run(quirks=None, *, limits=None, busy=False):
        with Simulator(items=0, quirks=quirks) as simulator:
            fill(simulator)
            limits = limits or Limits(ids=1500, burst=6 if busy else 0)
            # most_ids is the last one before those that a burst settles.
            before = {"most_ids": lambda: make_busy(simulator)} if busy else None
            return probe(simulator.base_url, simulator.api_key, limits, before)

    return run


@pytest.fixture
def results():
    """Look up the results of a report by id."""
    return lambda report: {each["id"]: each for each in report["assumptions"]}
