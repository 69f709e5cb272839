"""What an archive is refused for, in which words, and that nothing of it is left."""

import io
from pathlib import Path

import pytest
from bad_archives import GOOD, MEMBERS, TRAPS
from elevenlabs_history.archive import Limits, plan, read
from elevenlabs_history.errors import UnsafeArchiveError
from zip_writer import Piece, build


def unpack(archive: Path, folder: Path) -> None:
    """What a careful caller does: nothing is in its place before all of it is proven."""
    parts: list[Path] = []
    try:
        with archive.open("rb") as file:
            for number, member in enumerate(plan(file, Limits(members=MEMBERS))):
                parts.append(folder / f"{number}.part")
                with parts[-1].open("xb") as part:
                    part.writelines(read(file, member))
        for part_path in parts:
            part_path.rename(part_path.with_suffix(".mp3"))
    finally:
        for part_path in parts:
            part_path.unlink(missing_ok=True)


def refusal(data: bytes, tmp_path: Path) -> str:
    """The words with which an archive is refused, after making sure that it left nothing behind."""
    archive, folder = tmp_path / "archive.zip", tmp_path / "clips"
    archive.write_bytes(data)
    folder.mkdir()
    with pytest.raises(UnsafeArchiveError) as refused:
        unpack(archive, folder)
    assert list(folder.iterdir()) == []
    assert sorted(tmp_path.iterdir()) == [archive, folder]
    return str(refused.value)


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_refused_by_its_own_name_and_leaves_nothing_behind(trap: str, tmp_path: Path) -> None:
    data, words = TRAPS[trap]
    message = refusal(data, tmp_path)
    assert message.startswith("Archive refused: ")
    assert words in message
    assert message.isprintable()
    assert len(message) < 300


def test_every_cut_of_an_archive_is_refused() -> None:
    for length in range(len(GOOD)):
        with pytest.raises(UnsafeArchiveError):
            plan(io.BytesIO(GOOD[:length]), Limits(members=MEMBERS))


def test_a_hostile_name_is_shown_short_and_without_anything_that_a_terminal_obeys(tmp_path: Path) -> None:
    name = b"\x1b[2J\r\n\xe2\x80\xae" + b"x" * 4000 + b"\\"
    message = refusal(build(Piece(name=name)), tmp_path)
    assert r"member '\x1b[2J\r\n\u202exxx" in message
    assert message.isprintable()
    assert len(message) < 300
