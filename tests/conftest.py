"""Make the helpers of the tests, and the tools, importable, however pytest imports the tests."""

import signal
import sys
from pathlib import Path

TESTS = Path(__file__).parent
sys.path[:0] = [str(TESTS), str(TESTS.parent / "tools")]

# A shell starts what runs in the background with SIGINT ignored, and what a test starts would
# inherit that: those that are interrupted would go on.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
