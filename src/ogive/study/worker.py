"""A worker process: takes tasks from its parent, carries them out, sends the results back.

It is forked by `ogive.study.forkserver`, or started by it as ``python -m ogive.study.worker FD
SERVER MODULE``: FD is its end of a socket pair, SERVER the process it must not outlive, MODULE what
its tasks need.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from typing import Any

from ogive.study.engines.base import RefusedError

__all__ = ["carry_out", "die_with", "load", "work"]

PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>: the signal that the kernel sends when the parent has died."""


def die_with(parent: int) -> None:
    """See to it that this process ends when the process `parent` does.

    On Linux the kernel does it, even while a library call holds the interpreter. Elsewhere, and
    as well, a worker and the fork server end when the other end of their connection closes.

    Parameters
    ----------
    parent : int
        Its process identifier. If it has ended already, this process ends at once.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # The parent may have died before that took effect.
    if os.getppid() != parent:
        os._exit(1)


def _listen(connection: Connection, inbox: queue.SimpleQueue[bytes]) -> None:
    try:
        while True:
            inbox.put(connection.recv_bytes())
    except (EOFError, OSError):
        # Not sys.exit: that would end this thread only, and the training would go on.
        os._exit(0)


def work(descriptor: int, module: str, server: int) -> None:
    """Serve the parent until it closes the connection.

    Parameters
    ----------
    descriptor : int
        This end of the connection.
    module : str
        What the tasks will need.
    server : int
        The process that this one must not outlive.
    """
    # Ctrl-C reaches the whole process group; the parent decides what becomes of the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    die_with(server)
    connection = Connection(descriptor)
    inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    # Listening begins before anything loads, so that the parent never waits to hand over the data.
    threading.Thread(target=_listen, args=(connection, inbox), daemon=True).start()
    load(module)

    held: Any = None
    while True:
        function, argument, dataset = pickle.loads(inbox.get())
        held = held if dataset is None else dataset
        connection.send(carry_out(function, argument, held))


def load(module: str) -> None:
    """Load what the tasks will need, before the first of them comes.

    Parameters
    ----------
    module : str
        Loaded already where this process was forked from one that has done so.
    """
    # Of what is made while modules load next to nothing is garbage: to look for it, then and
    # later, takes a sixth of the time that loading takes, and would copy in each forked process
    # what it shares with the others.
    gc.disable()
    # What does not load is reported by the first task, which needs it.
    with contextlib.suppress(Exception):
        importlib.import_module(module)
    gc.freeze()
    gc.enable()


def carry_out(function: str, argument: Any, dataset: Any) -> tuple[str, Any]:
    """Call a function, named as ``module:name``, and say what became of it.

    Parameters
    ----------
    function : str
        What to call.
    argument, dataset : object
        What to call it with.

    Returns
    -------
    tuple of (str, object)
        ``finished`` and what it returned; ``refused`` and why, in one line; ``failed`` and the
        traceback.

    Examples
    --------
    >>> carry_out("builtins:max", 1, 2)
    ('finished', 2)
    """
    module, _, name = function.partition(":")
    try:
        # Inside, so that a torch that does not load is reported like any other failure.
        return "finished", getattr(importlib.import_module(module), name)(argument, dataset)
    except RefusedError as error:
        return "refused", str(error)
    except Exception:
        return "failed", traceback.format_exc()


if __name__ == "__main__":
    work(int(sys.argv[1]), sys.argv[3], int(sys.argv[2]))
