"""A worker process: takes specs from its parent, trains, sends the finished runs back.

It is started by `ogive.study.engine` as ``python -m ogive.study.worker FD PARENT TRAINER``: FD is
its end of a socket pair, PARENT the process it must not outlive, and TRAINER the function that
makes a run of a spec and its data, as ``module:name``.
"""

from __future__ import annotations

import ctypes
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

PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>: the signal that the kernel sends when the parent has died."""


def die_with(parent: int) -> None:
    """See to it that this process ends when the process `parent` does.

    On Linux the kernel does it, even while a library call holds the interpreter. Elsewhere, and
    as well, `_listen` ends the process when the parent's end of the connection closes.
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


def main() -> None:
    """Serve the parent until it closes the connection."""
    # Ctrl-C reaches the whole process group; the parent decides what becomes of the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor, parent = int(sys.argv[1]), int(sys.argv[2])
    module, _, name = sys.argv[3].partition(":")
    die_with(parent)
    connection = Connection(descriptor)
    inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    # Listening begins before torch loads, so that the parent never waits to hand over the data.
    threading.Thread(target=_listen, args=(connection, inbox), daemon=True).start()

    datasets: dict[str, Any] = {}
    while True:
        spec, dataset = pickle.loads(inbox.get())
        try:
            # Inside, so that a torch that does not load is reported like any other failure.
            train = getattr(importlib.import_module(module), name)
            if dataset is not None:
                datasets[spec.data] = dataset
            connection.send(("finished", train(spec, datasets[spec.data])))
        except Exception:
            connection.send(("failed", traceback.format_exc()))


if __name__ == "__main__":
    main()
