"""Probes of servers, and a history that tells everything apart."""

from elevenlabs_history_probe import Limits, Session, ask_all, make_report

# For servers that never answer.
SHORT = Limits(request_seconds=0.3, seconds=2)


def fill(simulator):
    """Give it what tells all quirks apart: alignments, a dialogue, two items of one second."""
    simulator.history.fill(4)
    simulator.history.add(date=1_800_000_000, aligned=True)
    simulator.history.add(date=1_800_000_000)
    simulator.history.add_dialogue([("Rachel", "Hello."), ("Domi", "Hello, you.")], date=1_790_000_000, aligned=True)


def make_busy(simulator):
    """Let further requests find that it is answering another one already, however slow this machine is."""
    simulator.concurrency = simulator.running.count = 1


def probe(base_url, key="key", limits=None, before=None):
    """Run a probe; `before` holds functions that are called before an assumption is asked about."""
    with Session(base_url, key, limits or Limits()) as session:
        results = []
        for result in ask_all(session):
            results.append(result)
            (before or {}).get(result.id, lambda: None)()
        return make_report(results, session)
