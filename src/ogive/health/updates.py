"""How much one step of an optimiser changes each parameter, and by which gradient."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import torch
from torch import Tensor

from ogive.health.moments import Copied

__all__ = ["Update", "Updates"]

_MOST = 1 << 14
"""Entries of a parameter that are compared before and after."""


@dataclass
class Update:
    """One step of one optimiser: where its figures will have been copied to.

    Attributes
    ----------
    optimizer : int
        Its identity.
    held : list of torch.Tensor
        All of its parameters.
    parameters : list of torch.Tensor
        Those that had a gradient.
    rms, gradient_rms, update_rms : int
        Places in a `Copied`, of one norm for each parameter.
    entries, compared : list of int
        How many entries went into the norms of the gradients, and into the others.
    learning_rates : list of float
    """

    optimizer: int
    held: list[Tensor]
    parameters: list[Tensor]
    rms: int
    gradient_rms: int
    update_rms: int
    entries: list[int]
    compared: list[int]
    learning_rates: list[float]


class Updates:
    """The parameters of an optimiser before a step, and then after it.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        About to step, with the gradients by which it will.
    copied : Copied
        Where the figures go.

    Notes
    -----
    Of a large parameter every second entry is compared, or every third …, so that no copy of the
    network is held. A gradient that is still scaled, because the optimiser takes the scale off
    itself, is divided by it.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, copied: Copied) -> None:
        self._optimizer, self._copied = optimizer, copied
        self._parameters = [
            p
            for group in optimizer.param_groups
            for p in group["params"]
            if isinstance(p, Tensor) and p.is_floating_point() and p.numel()
        ]
        self._gradients = self._norms_of_gradients()
        self._before = [_some(p).clone() for p in self._parameters]

    def _norms_of_gradients(self) -> list[Tensor] | None:
        """Return the gradients' norms; None before a step that computes them itself."""
        gradients = [p.grad for p in self._parameters]
        self._have = [g is not None and not g.is_sparse for g in gradients]
        held = [
            g.detach()
            for g, has in zip(gradients, self._have, strict=True)
            if g is not None and has
        ]
        if not held:
            return None
        norms = norms_of(held)
        scale: Any = getattr(self._optimizer, "grad_scale", None)
        if isinstance(scale, Tensor):
            norms = [norm / scale.to(norm.device) for norm in norms]
        return norms

    def finish(self) -> Update:
        """Compare with the parameters as they are after the step."""
        gradients = self._gradients
        if gradients is None:
            gradients = self._norms_of_gradients() or []
        chosen = [i for i, has in enumerate(self._have) if has]
        before = [self._before[i] for i in chosen]
        parameters = [self._parameters[i] for i in chosen]
        after = [_some(p) for p in parameters]
        change = list(torch._foreach_sub(after, before)) if after else []
        rates = [float(group.get("lr", float("nan"))) for group in self._optimizer.param_groups]
        add = self._copied.add
        return Update(
            id(self._optimizer),
            self._parameters,
            parameters,
            add(_together(norms_of(before, None))),
            add(_together(gradients)),
            add(_together(norms_of(change, None))),
            [p.numel() for p in parameters],
            [old.numel() for old in before],
            rates,
        )


def norm_of(tensor: Tensor) -> Tensor:
    """Return the norm of a tensor, summed in float64 where the device has it."""
    wide = torch.float32 if tensor.device.type == "mps" else torch.float64
    norm: Tensor = torch.linalg.vector_norm(tensor, dtype=wide)
    return norm


def norms_of(tensors: list[Tensor], dtype: torch.dtype | None = torch.float64) -> list[Tensor]:
    """Return the norm of each tensor, summed in float64 where the device has it.

    Parameters
    ----------
    tensors : list of torch.Tensor
    dtype : torch.dtype, optional
        None for that of the tensors, which is twice as fast.

    Returns
    -------
    list of torch.Tensor
    """
    if not tensors:
        return []
    if tensors[0].device.type == "mps":
        return list(map(norm_of, tensors))
    if dtype is None and tensors[0].dtype in (torch.float16, torch.bfloat16):
        dtype = torch.float32
    return list(torch._foreach_norm(tensors, 2, dtype=dtype))


def _some(parameter: Tensor) -> Tensor:
    detached = parameter.detach()
    if detached.numel() <= _MOST:
        return detached
    return detached.reshape(-1)[:: -(-detached.numel() // _MOST)]


def _together(norms: list[Tensor]) -> Tensor:
    if not norms:
        return torch.zeros(0)
    first = norms[0].device
    return torch.stack([norm.to(first) for norm in norms])


def rms(norm: float, entries: int) -> float:
    """Return the RMS of so many entries of that norm."""
    return norm / sqrt(entries)
