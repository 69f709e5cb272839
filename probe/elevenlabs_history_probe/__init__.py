"""Asks the real server what is assumed about it, and writes a report that may be published.

It only reads, within limits::

    from elevenlabs_history_probe import Limits, Session, ask_all, make_report

    with Session("https://api.elevenlabs.io", key, Limits()) as session:
        report = make_report(list(ask_all(session)), session)

`ASSUMPTIONS` is the one table that the probe, the page of assumptions and the tests of the simulator's quirks share.
"""

from .findings import Assumption as Assumption
from .report import Result as Result, ask_all as ask_all, make_report as make_report
from .session import Limits as Limits, Session as Session
from .table import ASSUMPTIONS as ASSUMPTIONS
