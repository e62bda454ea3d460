"""A person's own network over a plane of inputs, before its first step.

The plane goes through three samples of the first batch, so that it lies where the data are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ogive.torch.init.running import as_found

__all__ = ["Plane"]

_POINTS = 48
_REACH = (-1.0, 2.0)
"""In units of the distances between the samples: these lie at (0, 0), (1, 0) and (0, 1)."""


class Plane:
    """The first call of a network, kept until its landscape is drawn."""

    def __init__(self) -> None:
        self._call: tuple[nn.Module, Tensor] | None = None
        self._seen = False
        self.output: list[list[float]] | None = None
        """The network's first output, less the mean of the others, at the points of the plane."""

    def see(self, module: nn.Module, arguments: Any, keywords: Any) -> None:
        """Keep the first call, if it can be repeated: one batch of floats, three samples or more.

        Parameters
        ----------
        module : torch.nn.Module
        arguments, keywords : tuple, dict
            Of the call.
        """
        if self._seen or not any(p.requires_grad for p in module.parameters()):
            return
        self._seen = True
        if keywords or len(arguments) != 1:
            return
        (batch,) = arguments
        if not isinstance(batch, Tensor) or not batch.is_floating_point() or batch.dim() < 2:
            return
        if len(batch) >= 3:
            self._call = module, batch.detach()[:3].clone()

    def draw(self) -> bool:
        """Run the network over the plane, and leave it as it was found.

        Returns
        -------
        bool
            Whether there was a call to repeat.
        """
        if self._call is None:
            return False
        (module, (origin, first, second)), self._call = self._call, None
        ticks = torch.linspace(*_REACH, _POINTS, dtype=origin.dtype, device=origin.device)
        modes = [(part, part.training) for part in module.modules()]
        rows = []
        try:
            with as_found(module), torch.no_grad():
                module.eval()
                for b in ticks:
                    along = ticks.reshape(-1, *[1] * origin.dim())
                    inputs = origin + along * (first - origin) + b * (second - origin)
                    rows.append(_one(module(inputs)))
        finally:
            for part, mode in modes:
                part.training = mode
        self.output = [row.tolist() for row in rows]
        return True


def _one(output: Any) -> np.ndarray:
    """Return one number for each sample: the first output less the mean of the others."""
    while isinstance(output, tuple | list) and output:
        output = output[0]
    if isinstance(output, dict):
        output = next(iter(output.values()))
    if not isinstance(output, Tensor):
        raise TypeError(f"the network gives a {type(output).__name__}")
    flat = output.detach().float().reshape(len(output), -1)
    rest = flat[:, 1:].mean(1) if flat.shape[1] > 1 else torch.zeros(len(flat), device=flat.device)
    result: np.ndarray = (flat[:, 0] - rest).double().cpu().numpy()
    return result
