"""What the help of the whole program and the manual page say beside commands and options."""

PROGRAM = "elevenlabs-history"
ABOUT = "Download your ElevenLabs generation history."
EXAMPLES = {
    f"{PROGRAM} backup ~/elevenlabs": "fetch everything; run it again for new items",
    f"{PROGRAM} verify ~/elevenlabs": "check every file",
    f"{PROGRAM} list --search dragon": "list items of the server",
    f"{PROGRAM} doctor ~/elevenlabs": "find problems, with hints",
}
ENVIRONMENT = {
    "ELEVENLABS_API_KEY": "the key",
    "ELEVENLABS_API_KEY_FILE": "a file that holds the key",
    "ELEVENLABS_BASE_URL": "another server, such as the simulator",
    "ELEVENLABS_HISTORY_FOLDER": "the default for FOLDER",
    "ELEVENLABS_HISTORY_CONFIG": "another settings file",
}
SETTINGS_FILE = "~/.config/elevenlabs-history/config.toml"
SETTINGS = {
    "folder": "the default for FOLDER",
    "region, format, template, workers, batch_size": "defaults for the options of that name",
    "base_url": "another server",
    "key_file": "a file that holds the key",
    "key_command": "a command that prints the key",
}
EXIT_CODES = {
    "0": "done",
    "1": "some items failed, or the disk did; find found nothing",
    "2": "wrong usage; nothing was sent",
    "3": "there is no key, or it was refused",
    "4": "rate limit, server or network",
    "5": "verify found differences",
    "130, 143": "interrupted, terminated",
}


def epilog() -> str:
    """Return the end of `--help`: a table for each of these."""
    tables = {
        "examples": EXAMPLES,
        "environment": ENVIRONMENT,
        f"settings, in {SETTINGS_FILE}": SETTINGS,
        "exit codes": EXIT_CODES,
    }
    lines = []
    for title, rows in tables.items():
        width = max(map(len, rows))
        lines += [f"{title}:", *(f"  {name:{width}}   {text}" for name, text in rows.items()), ""]
    return "\n".join(lines)
