"""The signal of one trained network, activation by activation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Signal", "Signals", "signals"]


@dataclass(frozen=True)
class Signal:
    """What is measured at each call of an activation, first to last; None where not finite.

    Attributes
    ----------
    activation_rms, gradient_rms : tuple of float or None
        Of its outputs, and of the loss's gradient there.
    between_sample_share : tuple of float or None
        Share of the variance of its outputs that is between samples: near 0, the network says
        the same of every input.
    """

    activation_rms: tuple[float | None, ...]
    gradient_rms: tuple[float | None, ...]
    between_sample_share: tuple[float | None, ...] = ()

    @property
    def reach(self) -> float | None:
        """How much of the gradient arrives: its RMS at the first call over that at the last.

        None where either is not finite or the last is zero.

        Examples
        --------
        >>> Signal((1.0, 1.0, 1.0), (1e-6, 1e-3, 1.0)).reach
        1e-06
        """
        if not self.gradient_rms:
            return None
        first, last = self.gradient_rms[0], self.gradient_rms[-1]
        if first is None or last is None or not math.isfinite(first) or not last > 0:
            return None
        return first / last


@dataclass(frozen=True)
class Signals:
    """One network before its first step and after its last.

    Attributes
    ----------
    start, end : Signal
        On the same rows.
    """

    start: Signal
    end: Signal


def signals(run: Mapping[str, Any]) -> Signals | None:
    """Return the signal of a stored run; None where none was recorded.

    Parameters
    ----------
    run : mapping
        As it is stored.

    Returns
    -------
    Signals or None

    Examples
    --------
    >>> signals({"signal": None}) is None
    True
    """
    kept = run.get("signal")
    if not kept or not kept["start"]["gradient_rms"]:
        return None
    return Signals(*(_signal(kept[when]) for when in ("start", "end")))


def _signal(kept: Mapping[str, Sequence[float | None]]) -> Signal:
    return Signal(
        tuple(kept["activation_rms"]),
        tuple(kept["gradient_rms"]),
        tuple(kept.get("between_sample_share", ())),
    )
