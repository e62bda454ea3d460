"""How the command line ends: one line for a user's mistake, silence for a closed pipe."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

MISTAKE = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
PIPE_CLOSED = 1  # as click answers it where it notices first


class Group(click.Group):
    """A group whose commands report a mistake in one line, with exit code 2.

    Internal errors keep their traceback: hiding it would help nobody.
    """

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line; in stand-alone mode end the process with its exit code."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        for stream in (sys.stdout, sys.stderr):
            # A terminal that cannot say '−' gets '?' rather than a traceback.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        try:
            # click's own stand-alone mode prints a usage block around every message.
            result = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            sys.stdout.flush()
        except click.ClickException as error:
            message = " ".join(error.format_message().split())
            click.echo(f"ogive: {message}", err=True)
            sys.exit(MISTAKE)
        except click.Abort:
            click.echo("ogive: interrupted", err=True)
            sys.exit(INTERRUPTED)
        except MemoryError as error:
            said = " ".join(str(error).split()) or "what was asked for does not fit"
            click.echo(f"ogive: there is not enough memory: {said}", err=True)
            sys.exit(MISTAKE)
        except BrokenPipeError:
            _leave_closed_pipe()
        sys.exit(result if isinstance(result, int) else 0)


def _leave_closed_pipe() -> NoReturn:
    """End without a word when whoever read the output has gone."""
    # The interpreter flushes standard output once more as it ends; that must not fail again.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    sys.exit(PIPE_CLOSED)


def version() -> str:
    """Return the installed version of Ogive."""
    from ogive import __version__

    return __version__


def mistake(message: object) -> click.ClickException:
    """Return the exception that says `message` in one line and ends with exit code 2."""
    return click.ClickException(str(message))


def require(*modules: str, extra: str) -> None:
    """Check that the libraries which a command needs are installed, without importing them.

    Parameters
    ----------
    *modules : str
        Names as they are imported.
    extra : str
        The extra of Ogive that brings them.

    Raises
    ------
    click.ClickException
        Naming those that are missing and the command that installs them.
    """
    from ogive import extras

    try:
        extras.require(click.get_current_context().command_path, *modules, extra=extra)
    except ModuleNotFoundError as error:
        raise mistake(error) from None
