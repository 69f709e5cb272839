"""Tables on terminals of every width, with texts of every script."""

import os
from unicodedata import normalize

import pytest
from elevenlabs_history_cli.table import Row, cell_width, cut, print_table
from hypothesis import given, strategies as st

FAMILY, FLAG, HEART, THUMB = (
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1e9\U0001f1ea",
    "\u2764\ufe0f",
    "\U0001f44d\U0001f3fd",
)
VOICES = [
    "Rachel",
    f"Zoë {FAMILY}",
    f"{FLAG}{FLAG} Jörg",
    f"{HEART}{THUMB}",
    "日本語の声",
    "Zoe\u0308 x\u0301",
    normalize("NFD", "한국어"),
    "אבגד",
    "صوت",
]
terminals = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")


@pytest.fixture
def mixed(simulator):
    """A history whose texts all begin with a § and are longer than any terminal is wide."""
    for number, voice in enumerate(VOICES):
        simulator.history.add(voice_name=voice, text=f"§{voice * 40}", date=2_000_000_000 + number)
    return [item.id for item in simulator.history][: len(VOICES)]


def cells_of(screen, character):
    """Return on which lines of a screen a character is, and in which cells."""
    found = {}
    for line in range(screen.lines):
        for cell in range(screen.columns):
            if screen.buffer[line][cell].data == character:
                found.setdefault(line, cell)
    return found


@terminals
@pytest.mark.parametrize("columns", [40, 80, 120])
def test_columns_begin_at_the_same_cells_and_no_line_wraps(in_a_terminal, mixed, columns):
    terminal = in_a_terminal("list", "-n", len(mixed), columns=columns)
    lines_of_a_row = 2 if columns == 40 else 1
    heading, *rows = terminal.lines[::lines_of_a_row]
    assert len(terminal.lines) == (len(mixed) + 1) * lines_of_a_row
    assert [row.split()[0] for row in rows] == mixed
    assert {row.index("2033-05-18 03:33") for row in rows} == {heading.index("DATE")}
    texts = cells_of(terminal.screen(), "§")
    starts = {cell_width(line[: line.index("TEXT")]) for line in terminal.lines[:lines_of_a_row] if "TEXT" in line}
    assert len(texts) == len(mixed)
    assert set(texts.values()) == starts
    assert "…" in terminal.lines[-1]


@terminals
def test_a_narrow_terminal_shows_id_date_and_the_beginning_of_the_text(in_a_terminal, simulator):
    item = simulator.history.add(voice_name="Rachel", text="The dragon flew over the hills.", date=2_000_000_000)
    assert in_a_terminal("list", "-n", 1, columns=40).lines == [
        "ID                    DATE",
        "  VOICE   TEXT",
        f"{item.id}  2033-05-18 03:33",
        "  Rachel  The dragon flew over the hill…",
    ]


def test_lines_to_a_pipe_are_whole(run, mixed, monkeypatch):
    monkeypatch.delenv("COLUMNS")
    _, *rows = run("list", "-n", len(mixed)).lines
    assert all(len(row) > 130 for row in rows)
    assert "…" not in "".join(rows)


def test_columns_are_as_wide_as_their_cells(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    print_table(["id", "voice", "text"], [Row(["1", "Al", "a"]), Row(["2", "", "b"]), Row(["3", "x" * 30, ""])])
    assert capsys.readouterr().out == (
        "ID  VOICE                           TEXT\n"
        "1   Al                              a\n"
        "2                                   b\n"
        f"3   {'x' * 30}\n"
    )


def test_a_long_table_is_printed_while_its_rows_come(capsys):
    def rows():
        for number in range(2000):
            yield Row([str(number)])
        assert len(capsys.readouterr().out.splitlines()) == 2001

    print_table(["id"], rows())


texts = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("".join(VOICES)))).filter(str.isprintable)


@given(texts, st.integers(1, 30))
def test_cut_text_fits_and_ends_with_an_ellipsis(text, width):
    shown = cut(text, width)
    assert cell_width(shown) <= width
    if shown != text:
        assert cell_width(text) > width
        assert shown.endswith("…")
        assert text.startswith(shown[:-1])
        # A character of two cells may leave one free.
        assert cell_width(shown) >= width - 1
