"""Several processes that train one network: what they saw becomes one history.

Nothing collective is called, which would hang where one process has ended. Each process leaves what
it saw in the store by which the processes found each other; the first one waits for the others, but
not for long.
"""

from __future__ import annotations

import math
import pickle
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import torch

from ogive.health.history import ActivationHistory, History

__all__ = ["Group", "merged"]

PATIENCE = 60.0
"""Seconds that the first process waits for another one's history."""


class Group:
    """The processes of a training run, as `torch.distributed` knows them.

    Parameters
    ----------
    store : torch.distributed.Store
    rank, size : int
    """

    def __init__(self, store: Any, rank: int, size: int) -> None:
        self._store, self.rank, self.size = store, rank, size

    @classmethod
    def current(cls) -> Group | None:
        """Return the group that is there now; None if there is none, or only one process."""
        distributed = torch.distributed
        if not (distributed.is_available() and distributed.is_initialized()):
            return None
        if distributed.get_world_size() < 2:
            return None
        # The public interface has no way to the store of the default group.
        store = distributed.distributed_c10d._get_default_store()
        return cls(store, distributed.get_rank(), distributed.get_world_size())

    def exchange(self, history: History) -> History:
        """Give a history to the first process, and return, there, that of all.

        Parameters
        ----------
        history : History

        Returns
        -------
        History
            In the first process that of all whose history has come; in the others their own.
        """
        try:
            if self.rank:
                self._store.set(self._key(self.rank), zlib.compress(pickle.dumps(history)))
                return history
            return merged([history, *self._others(history)])
        except (RuntimeError, OSError):
            history.note("The other processes could not be reached: only one was judged.")
            return history

    def _others(self, history: History) -> list[History]:
        found = []
        for rank in range(1, self.size):
            try:
                self._store.wait([self._key(rank)], timedelta(seconds=PATIENCE))
            except RuntimeError:
                history.note(f"Process {rank} did not tell what it saw.")
                continue
            found.append(pickle.loads(zlib.decompress(self._store.get(self._key(rank)))))
        return found

    @staticmethod
    def _key(rank: int) -> str:
        return f"ogive/check/{rank}"


def merged(histories: Sequence[History]) -> History:
    """Return the history of processes that each had a part of every batch.

    Parameters
    ----------
    histories : sequence of History
        The first one's parameters count: after gradients were averaged all have the same.

    Returns
    -------
    History
        The moments of activations are those of all parts together.
    """
    first = histories[0]
    if len(histories) == 1:
        return first
    result = replace(first, ranks=len(histories))
    by_step: dict[int, list[float]] = defaultdict(list)
    for history in histories:
        for step, value in history.losses:
            by_step[step].append(value)
        for note in history.notes:
            result.note(note)
    result.losses = [(step, float(np.mean(values))) for step, values in sorted(by_step.items())]
    result.incidents = sorted(
        (incident for history in histories for incident in history.incidents),
        key=lambda incident: incident.step,
    )
    result.kept_gradients = sorted({s for history in histories for s in history.kept_gradients})
    result.activations = {
        key: _activation([h.activations[key] for h in histories if key in h.activations])
        for key in first.activations
    }
    for key, head in first.heads.items():
        for other in (history.heads[key] for history in histories[1:] if key in history.heads):
            for what, pick in (("low", min), ("high", max)):
                for of in ("target", "prediction", "difference"):
                    name = f"{of}_{what}"
                    ours, theirs = getattr(head, name), getattr(other, name)
                    known = [value for value in (ours, theirs) if not math.isnan(value)]
                    setattr(head, name, pick(known, default=math.nan))
    return result


def _activation(parts: list[ActivationHistory]) -> ActivationHistory:
    """Join what the processes saw of one activation, sample by sample."""
    first = parts[0]
    result = ActivationHistory(
        *(first.name, first.layer, first.order, first.gate, first.recurrent, first.head),
        first.units,
    )
    places = [{step: i for i, step in enumerate(part.steps)} for part in parts]
    for step in first.steps:
        here = [(part, at[step]) for part, at in zip(parts, places, strict=True) if step in at]
        units = None
        for part, i in here:
            moments = part.moments[i] if i < len(part.moments) else None
            if moments is not None:
                units = moments if units is None else units.joined(moments)
        squares = [part.gradient_rms[i] ** 2 for part, i in here]
        gradient = (
            math.sqrt(float(np.nanmean(squares))) if not all(map(math.isnan, squares)) else math.nan
        )
        slope = None if units is None else units.slope
        if slope is None and units is None:
            slopes = [part.slope[i] for part, i in here]
            result.add(step, None, None, gradient)
            result.slope[-1] = (
                float(np.nanmean(slopes)) if not all(map(math.isnan, slopes)) else math.nan
            )
        else:
            result.add(step, units, slope, gradient)
    if not result.moments or all(each is None for each in result.moments):
        lengths = {len(part.last_alive) for part in parts}
        if len(lengths) == 1:
            result.last_alive = np.max([part.last_alive for part in parts], axis=0)
    return result
