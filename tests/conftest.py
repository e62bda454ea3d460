"""Make the helpers of the tests, and the tools, importable, however pytest imports the tests."""

import os
import signal
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
sys.path[:0] = [str(TESTS), str(TESTS.parent / "tools")]

# A shell starts what runs in the background with SIGINT ignored, and what a test starts would
# inherit that: those that are interrupted would go on.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Whether or not this user has compiled the extension of ogive.torch, the tests go the way through
# Python; tests/test_torch_extension.py runs them the other way.
os.environ.setdefault("OGIVE_TORCH_EXTENSION", "0")

# What SciPy's suite marks its tests with.
SCIPY_MARKERS = (
    "array_api_backends", "fail_slow", "parallel_threads_limit", "skip_xp_backends", "slow",
    "thread_unsafe", "uses_xp_capabilities", "xfail_xp_backends", "xslow",
)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    for marker in SCIPY_MARKERS:
        config.addinivalue_line("markers", f"{marker}: of SciPy's suite")
