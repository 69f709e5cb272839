"""Probes of servers, and a history that tells everything apart."""

from elevenlabs_history_probe import Limits, Session, ask_all, make_report

# Other servers than the simulator may hang; no test waits longer than this.
SHORT = Limits(request_seconds=0.3, seconds=2)


def fill(simulator):
    """Give it what tells all quirks apart: alignments, a dialogue, two items of one second."""
    simulator.history.fill(4)
    simulator.history.add(date=1_800_000_000, aligned=True)
    simulator.history.add(date=1_800_000_000)
    simulator.history.add_dialogue([("Rachel", "Hello."), ("Domi", "Hello, you.")], date=1_790_000_000, aligned=True)


def make_busy(simulator):
    """Let requests meet, so that some are refused."""
    simulator.latency, simulator.concurrency = 0.03, 2


def probe(base_url, key="key", limits=SHORT, before=None):
    """Run a probe; `before` holds functions that are called before an assumption is asked about."""
    with Session(base_url, key, limits) as session:
        results = []
        for result in ask_all(session):
            results.append(result)
            (before or {}).get(result.id, lambda: None)()
        return make_report(results, session)
