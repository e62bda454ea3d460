"""What is measured at an activation: a few moments for each unit, on the device of the tensor."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan, sqrt

import numpy as np
import torch
from torch import Tensor

from ogive.health.recognised import Activation

__all__ = ["Copied", "Units", "mean_of_units", "measure", "some_samples"]

_MOST = 1 << 17
"""Entries of a tensor that are looked at: of a larger one, every second sample, or third …"""

_FEWEST = 16
"""Samples of a batch that are looked at in any case."""


def some_samples(values: Tensor) -> Tensor:
    """Return a tensor of two dimensions or more with not too many of its samples.

    Examples
    --------
    >>> import torch
    >>> from ogive.health.moments import some_samples
    >>> some_samples(torch.zeros(64, 16, 28, 28)).shape, some_samples(torch.zeros(7)).shape
    (torch.Size([16, 16, 28, 28]), torch.Size([7, 1]))
    """
    if values.dim() < 2:
        return values.reshape(-1, 1)
    step = min(values.numel() // _MOST, values.shape[0] // _FEWEST)
    return values[::step] if step > 1 else values


def mean_of_units(values: Tensor, feature_dim: int) -> Tensor:
    """Return the mean over samples and positions of every unit, with all dimensions."""
    others = [d for d in range(values.dim()) if d != feature_dim % values.dim()]
    return values.mean(others, keepdim=True)


def measure(activation: Activation, feature_dim: int) -> list[Tensor]:
    """Compute the moments of one call of an activation, without waiting for them.

    Parameters
    ----------
    activation : Activation
    feature_dim : int
        The dimension of units or channels.

    Returns
    -------
    list of torch.Tensor
        Mean and variance of the result for each unit over samples and positions, and, where it
        can be told and is needed, the mean slope as a share of the steepest. Empty where nothing
        of the call was saved.
    """
    for kept in ("argument", "result"):
        tensor = getattr(activation, kept)
        if tensor is not None:
            setattr(activation, kept, _wide(some_samples(tensor)))
    values = activation.value()
    if values is None or not values.is_floating_point() or values.numel() == 0:
        return []
    # Five times as fast as torch.var_mean along the first dimension.
    mean = mean_of_units(values, feature_dim)
    variance = mean_of_units((values - mean).square_(), feature_dim).reshape(-1)
    mean = mean.reshape(-1)
    slope = _mean_slope(activation, feature_dim, mean, variance)
    return [mean, variance] if slope is None else [mean, variance, slope]


def _mean_slope(
    activation: Activation, feature_dim: int, mean: Tensor, variance: Tensor
) -> Tensor | None:
    """Return the mean relative slope of each unit; by its moments where those tell it."""
    if activation.name == "tanh":
        return 1.0 - variance - mean * mean
    if activation.name == "sigmoid":
        return 4.0 * (mean - variance - mean * mean)
    if activation.name == "relu":
        # A result that is never negative has the mean 0 where it is 0 throughout.
        return (mean != 0).to(mean.dtype)
    if not activation.record.saturates:
        return None
    slope = activation.slope()
    if slope is None:
        return None
    return mean_of_units(slope, feature_dim).reshape(-1)


def _wide(values: Tensor) -> Tensor:
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values


@dataclass
class Units:
    """The moments of one activation's units in one step, on the host.

    Attributes
    ----------
    count : int
        Samples and positions that went in.
    mean, variance : ndarray of float64, shape (units,)
    slope : ndarray of float64, shape (units,), or None
        The mean of |f'| as a share of its maximum.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.health.moments import Units
    >>> units = Units(4, np.array([3.0, -3.0]), np.array([7.0, 7.0]), None)
    >>> units.summary()
    (4.0, 0.4375, 2.0)
    """

    count: int
    mean: np.ndarray
    variance: np.ndarray
    slope: np.ndarray | None

    def summary(self) -> tuple[float, float, float]:
        """Return the RMS, the between-sample share, and how far the units are apart.

        Returns
        -------
        tuple of (float, float, float)
            sqrt(E[a²]) over all units; the variance between samples and positions as a share of
            E[a²], NaN where that is 0; the range of the units' means or variances as a share of
            the largest, whichever is more: 0 where all units do the same, NaN for a single one.
        """
        mean, variance = self.mean, self.variance
        with np.errstate(over="ignore", invalid="ignore"):
            within = variance.sum() / len(variance)
            whole = within + mean.dot(mean) / len(mean)
            rms = sqrt(whole) if whole >= 0 else nan
            share = within / whole if whole > 0 else nan
            if len(mean) < 2:
                return rms, share, nan
            spread = nan
            for values in (mean, variance):
                low, high = values.min(), values.max()
                largest = max(-low, high)
                if largest > 0:
                    here = (high - low) / largest
                    spread = here if isnan(spread) else max(spread, here)
        return float(rms), float(share), float(spread)

    def joined(self, other: Units) -> Units:
        """Return the moments of two calls together; those of the first if they differ in units.

        Source: T. Chan, G. Golub, R. LeVeque (1979), the merging of two variances.
        """
        if len(self.mean) != len(other.mean):
            return self
        count = self.count + other.count
        part = other.count / count
        between = other.mean - self.mean
        with np.errstate(over="ignore", invalid="ignore"):
            variance = (1.0 - part) * self.variance + part * other.variance
            variance = variance + part * (1.0 - part) * np.square(between)
            mean = self.mean + part * between
        slope = None
        if self.slope is not None and other.slope is not None:
            slope = (1.0 - part) * self.slope + part * other.slope
        return Units(count, mean, variance, slope)


class Copied:
    """Tensors that go to the host together, in one copy for each device and step.

    Examples
    --------
    >>> import torch
    >>> from ogive.health.moments import Copied
    >>> copied = Copied()
    >>> first, second = copied.add(torch.ones(2)), copied.add(torch.zeros(1))
    >>> copied.fetch()
    >>> copied[first], copied[second]
    (array([1., 1.]), array([0.]))
    """

    def __init__(self) -> None:
        self._waiting: list[Tensor] = []
        self._there: list[np.ndarray] = []

    def add(self, tensor: Tensor) -> int:
        """Take a tensor on the list and return its place."""
        self._waiting.append(tensor.detach().reshape(-1))
        return len(self._there) + len(self._waiting) - 1

    def fetch(self) -> None:
        """Copy what is on the list."""
        found: list[np.ndarray | None] = [None] * len(self._waiting)
        groups: dict[tuple[torch.device, torch.dtype], list[int]] = {}
        for place, tensor in enumerate(self._waiting):
            groups.setdefault((tensor.device, tensor.dtype), []).append(place)
        for places in groups.values():
            parts = [self._waiting[place] for place in places]
            whole = torch.cat(parts).cpu()
            if whole.dtype in (torch.float16, torch.bfloat16):
                whole = whole.float()
            numbers = whole.numpy().astype(np.float64)
            begin = 0
            for place, part in zip(places, parts, strict=True):
                end = begin + len(part)
                found[place] = numbers[begin:end]
                begin = end
        self._there += [values for values in found if values is not None]
        self._waiting.clear()

    def __getitem__(self, place: int) -> np.ndarray:
        """Return what was copied from that place."""
        return self._there[place]
