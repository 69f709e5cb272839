"""A compact set of ids holds what a set would hold, whatever the ids are."""

import subprocess
import sys

import pytest
from elevenlabs_history._ids import Ids
from hypothesis import given
from hypothesis import strategies as st

ANY_ID = st.text(st.characters(exclude_categories=()), max_size=30)
ALIKE = st.text("1:a\0\udc80é", max_size=4)
MEMORY = """
import sys, tracemalloc
from elevenlabs_history._ids import Ids
tracemalloc.start()
ids = Ids() if sys.argv[1] == "compact" else set()
for number in range(100_000):
    ids.add(f"abcdefghijkl{number:08}")
print(tracemalloc.get_traced_memory()[1])
"""


@given(st.lists(st.one_of(ANY_ID, ALIKE)))
def test_it_tells_of_each_id_whether_it_is_new(ids):
    seen, compact = set(), Ids()
    for each in ids:
        assert (each in compact) == (each in seen)
        assert compact.add(each) == (each not in seen)
        seen.add(each)
        assert each in compact


def test_nothing_is_lost_when_it_grows():
    compact = Ids()
    ids = [f"{number}" for number in range(30_000)]
    assert all(compact.add(each) for each in ids)
    assert not any(compact.add(each) for each in ids)
    assert "30000" not in compact


@pytest.mark.slow
def test_it_takes_a_third_of_the_memory_of_a_set():
    peaks = {}
    for kind in ("compact", "set"):
        command = [sys.executable, "-c", MEMORY, kind]
        peaks[kind] = int(subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout)
    assert 3 * peaks["compact"] < peaks["set"]
