"""The command probe."""

from __future__ import annotations

from .options import add_command, add_common, file_path, positive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .options import Commands

BURST = 12  # concurrent requests; the largest plan allows fewer


def add_probe_command(commands: Commands) -> None:
    """Describe it."""
    probe = add_command(
        commands,
        "probe [OPTIONS]",
        "find out which assumptions about the server are true",
        more="At most 60 requests that only read, and at most 12 small clips; nothing is changed or\n"
        "generated. The report holds no key, ids, names or texts, so that it can be published. The\n"
        "simulator becomes like the server with: elevenlabs-history-simulator --like FILE",
        examples=["%(prog)s --dry-run", "%(prog)s -o report.json"],
    )
    probe.add_argument("-o", "--output", type=file_path, metavar="FILE", help="write a report, as JSON")
    probe.add_argument("--overwrite", action="store_true", help="replace an existing file")
    probe.add_argument("--dry-run", action="store_true", help="print what would be asked, and ask nothing")
    text = f"also send {BURST} requests at once, to see how the server refuses them"
    probe.add_argument("--burst", action="store_true", help=text)
    text = "look for the largest number of ids a download may name up to N (default: 1024)"
    probe.add_argument("--most-ids", type=positive, default=1024, metavar="N", help=text)
    add_common(probe)
