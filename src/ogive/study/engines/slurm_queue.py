"""What Slurm says of jobs, as `squeue` has it: on every cluster, with accounting or without."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, field

__all__ = ["SlurmQueue"]

ENDED = frozenset(
    {
        "BOOT_FAIL",
        "CANCELLED",
        "COMPLETED",
        "DEADLINE",
        "FAILED",
        "NODE_FAIL",
        "OUT_OF_MEMORY",
        "PREEMPTED",
        "REVOKED",
        "TIMEOUT",
    }
)
"""The states from which a job does not come back (squeue(1), "Job State Codes")."""

PATIENCE = 60.0
"""Seconds that a controller with much to do may take to answer."""


@dataclass
class SlurmQueue:
    """The states of a person's jobs, asked for all at once and not too often.

    Parameters
    ----------
    pause : float
        Seconds that pass at least between two questions to Slurm's controller.
    """

    pause: float
    _asked: float = field(default=-float("inf"), init=False)
    _states: dict[str, str] | None = field(default=None, init=False)

    def ended(self, job: str, submitted: float) -> str | None:
        """Return how a job ended; None while it waits or runs, and while nobody can say.

        Slurm lists a job for some minutes after its end and then forgets it. As long as the
        controller does not answer, no job counts as ended.

        Parameters
        ----------
        job : str
            Its number.
        submitted : float
            When it was, by `time.monotonic`: an older list does not know it.

        Returns
        -------
        str or None
            Its last state in small letters, or "gone".
        """
        if time.monotonic() - self._asked >= self.pause:
            now = time.monotonic()
            self._states, self._asked = _states(), now
        if self._states is None or self._asked < submitted:
            return None
        state = self._states.get(job, "GONE")
        return None if state not in {*ENDED, "GONE"} else state.lower().replace("_", " ")


def _states() -> dict[str, str] | None:
    command = ["squeue", "--noheader", "--states=all", f"--user={os.getuid()}", "--format=%i %T"]
    try:
        listed = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return dict(line.split(maxsplit=1) for line in listed.splitlines() if " " in line.strip())
