"""The command line as the tests run it: in this process, in one of its own, and refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from ogive.cli import main


def ogive(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="ogive")


def process(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ogive", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )


def refused(result: Result, *words: str) -> None:
    """Check that a mistake got one line on standard error and exit code 2."""
    assert result.exit_code == 2, result.output
    assert not isinstance(result.exception, Exception), result.exception
    (line,) = result.stderr.splitlines()
    assert line.startswith("ogive: ")
    assert "Traceback" not in result.output
    for word in words:
        assert word in line
