"""A process for each number of threads: JAX and OpenMP read theirs when they are loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict

from ogive.bench.results import Measurement
from ogive.bench.timing import Request

__all__ = ["WorkerError", "run_bench"]

# JAX has no setting of its own: XLA sizes its pool by NPROC.  That bounds its threads; what it
# computes element by element it leaves on one in any case (measured, JAX 0.10).
_THREADS = (
    "NPROC",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
)


class WorkerError(RuntimeError):
    """The measuring process ended before its work was done."""


def run_bench(request: Request) -> Iterator[Measurement]:
    """Measure in a process of its own; every row is handed out as soon as it is there.

    Parameters
    ----------
    request : Request

    Yields
    ------
    Measurement

    Raises
    ------
    WorkerError
        If that process fails, for want of memory for example; what it said is on standard error.
    """
    environment = {**os.environ, **dict.fromkeys(_THREADS, str(request.threads))}
    process = subprocess.Popen(
        [sys.executable, "-m", "ogive.bench.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with process.stdin as stdin:
            json.dump(asdict(request), stdin)
        for line in process.stdout:
            yield Measurement.from_dict(json.loads(line))
        if process.wait() != 0:
            raise WorkerError(f"the measuring process ended with code {process.returncode}")
    finally:
        process.stdout.close()
        if process.poll() is None:
            process.kill()
        process.wait()
