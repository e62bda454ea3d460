"""Make the tests' own helpers importable, whichever way pytest imports the tests."""

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

# A shell starts what runs in the background with SIGINT ignored, and what a test starts would
# inherit that: those that are interrupted would go on.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
