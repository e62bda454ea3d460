"""A person's own training script, run unchanged under a check-up."""

from __future__ import annotations

import os
import runpy
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import torch

from ogive.health.checkup import Checkup
from ogive.health.hooks import Replaced
from ogive.health.spawned import left_in, watching_spawn

__all__ = ["Ran", "run_script"]


@dataclass
class Ran:
    """How a script ended.

    Attributes
    ----------
    checkup : Checkup
        Stopped, with its findings.
    crashed : str
        The last line of the traceback of an exception that ended the script; empty if none did.
    interrupted : bool
        Whether it was interrupted from the keyboard.
    status : int
        The exit code that the script itself gave.
    """

    checkup: Checkup
    crashed: str = ""
    interrupted: bool = False
    status: int = 0


def run_script(
    target: str,
    arguments: Sequence[str],
    *,
    module: bool,
    first: int,
    every: int,
    picture: bool = False,
) -> Ran:
    """Run a script or a module as `python` would, under a check-up.

    Parameters
    ----------
    target : str
        The path of a script, or the name of a module.
    arguments : sequence of str
        What it finds in `sys.argv` after its own name.
    module : bool
        Whether `target` is a module, as for ``python -m``.
    first, every : int
    picture : bool, optional
        As for `Checkup`.

    Returns
    -------
    Ran
        An exception of the script is printed as Python prints it, and goes no further.

    Raises
    ------
    FileNotFoundError
        If there is no such script or module.
    ValueError
        If `first` or `every` is out of range.
    """
    checkup = Checkup(first=first, every=every, picture=picture)
    if not module and not Path(target).is_file():
        raise FileNotFoundError(f"there is no script {target}")
    if module and not _exists(target):
        raise FileNotFoundError(f"there is no module {target}")
    ran = Ran(checkup)
    with (
        tempfile.TemporaryDirectory(prefix="ogive-check-") as left,
        _as_python(target, arguments, module),
    ):
        checkup.start()
        spawn = Replaced(torch.multiprocessing, "spawn", watching_spawn(left, first, every))
        try:
            if module:
                runpy.run_module(target, run_name="__main__", alter_sys=True)
            else:
                runpy.run_path(target, run_name="__main__")
        except SystemExit as end:
            ran.status = _status(end)
        except KeyboardInterrupt:
            ran.interrupted = True
        except BaseException as error:
            sys.stdout.flush()
            _print_own(error, error.__traceback__)
            ran.crashed = traceback.format_exception_only(error)[-1].strip()
        finally:
            spawn.remove()
            checkup.stop()
        of_children = left_in(left)
        if of_children is not None and not checkup.history.steps:
            checkup.judge(of_children)
    return ran


def _exists(module: str) -> bool:
    import importlib.util

    with _first_in_path(os.getcwd()):
        try:
            return importlib.util.find_spec(module) is not None
        except (ImportError, ValueError):
            return False


@contextmanager
def _first_in_path(folder: str) -> Iterator[None]:
    before = list(sys.path)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path[:] = before


@contextmanager
def _as_python(target: str, arguments: Sequence[str], module: bool) -> Iterator[None]:
    """Make arguments and module path what a script expects."""
    argv = sys.argv
    sys.argv = [target, *arguments]
    folder = os.getcwd() if module else str(Path(target).resolve().parent)
    try:
        with _first_in_path(folder):
            yield
    finally:
        sys.argv = argv


def _status(end: SystemExit) -> int:
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code
    print(end.code, file=sys.stderr)
    return 1


def _print_own(error: BaseException, trace: TracebackType | None) -> None:
    """Print a traceback that begins in the script, as it does without a check-up."""
    ours = {__file__, runpy.__file__, "<frozen runpy>"}
    while trace is not None and trace.tb_frame.f_code.co_filename in ours:
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace)
