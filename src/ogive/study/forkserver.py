"""A fork server: loads what the tasks need, once, and forks a worker whenever its parent asks.

It is started by `ogive.study.engines.processes` as ``python -m ogive.study.forkserver FD PARENT``:
FD is its end of a socket pair, PARENT the process it must not outlive. Its parent sends pairs of a
worker's number and a module. With a module, two descriptors follow: the worker's end of its
connection, and where its complaints go. Without one, the answer is how that worker ended.

A fork has one thread only: what the others of its process were about to do, to release a lock for
example, is never done in it. So this process starts none. Where a module that it loaded has started
one, or where the system does not say (only Linux does), a worker is a fresh interpreter, which
loads the module itself.
"""

from __future__ import annotations

import os
import signal
import sys
from glob import glob
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from typing import NoReturn

from ogive.study.worker import die_with, load, work

__all__ = ["main"]

STDERR = 2
"""The descriptor, whatever a module may have put in the place of `sys.stderr`."""


def main() -> None:
    """Serve the parent until it closes the connection."""
    # Ctrl-C reaches the whole process group; the parent decides what becomes of the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor, parent = int(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(descriptor, False)
    die_with(parent)
    server = os.getpid()
    work(*_serve(Connection(descriptor)), server)


def _serve(control: Connection) -> tuple[int, str]:
    """Do what the parent asks for; return in the workers only, and there what they work with."""
    workers: dict[int, int] = {}
    while True:
        try:
            number, module = control.recv()
            descriptors = [recv_handle(control) for _ in range(2 if module else 0)]
        except (EOFError, OSError):
            _end(workers)
        if not module:
            _, status = os.waitpid(workers.pop(number), 0)
            control.send(os.waitstatus_to_exitcode(status))
            continue
        connection, complaints = descriptors
        if sys.platform == "linux":
            load(module)
        # The parent ends with SIGTERM what is loading still; from here on there are workers to end.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        # On Linux this counts the threads of any library, too; elsewhere it finds nothing.
        alone = len(glob("/proc/self/task/*")) == 1
        workers[number] = os.fork() if alone else _fresh(connection, complaints, module)
        if workers[number] == 0:
            control.close()
            os.dup2(complaints, STDERR)
            os.close(complaints)
            return connection, module
        os.close(connection)
        os.close(complaints)


def _fresh(connection: int, complaints: int, module: str) -> int:
    """Start a worker as a fresh interpreter."""
    os.set_inheritable(connection, True)
    return os.posix_spawn(
        sys.executable,
        [
            *(sys.executable, "-P", "-m", "ogive.study.worker"),
            *(str(connection), str(os.getpid()), module),
        ],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, complaints, STDERR)],
    )


def _end(workers: dict[int, int]) -> NoReturn:
    """End all workers and this process; nothing of them is left."""
    for pid in workers.values():
        os.kill(pid, signal.SIGKILL)
    for pid in workers.values():
        os.waitpid(pid, 0)
    sys.exit()


if __name__ == "__main__":
    main()
