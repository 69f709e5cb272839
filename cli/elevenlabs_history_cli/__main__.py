"""`python -m elevenlabs_history_cli` is the command elevenlabs-history."""

import sys

from . import main

if __name__ == "__main__":
    sys.exit(main())
