"""The base of the modules whose parameters are learned, one each or one a channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from ogive.torch import functional
from ogive.torch.functional.checks import number
from ogive.torch.parameters import along_channels


class Learnable(nn.Module):
    """An activation module with learned parameters, after the conventions of `torch.nn.PReLU`.

    Every parameter is registered under its name in the catalogue, and has the shape
    (num_parameters,). With one value it is shared by all elements; with one a channel it lies
    along dimension 1 of the input, or along the only one. Nothing holds a parameter within its
    bounds in the catalogue while it is learned. Weight decay is best left off it, as for PReLU.

    Parameters
    ----------
    num_parameters : int
        1, or the number of channels.
    init : mapping of str to float
        The first value of every learned parameter, by its name.
    device, dtype : optional
        Of the parameters, as everywhere in torch.

    Raises
    ------
    TypeError, ValueError
        If `num_parameters` is not a whole number of at least 1, or a first value is no number that
        the catalogue allows.

    Examples
    --------
    >>> from ogive.torch.nn import Swish
    >>> Swish(3, beta=2.0).coefficients()["beta"].detach()
    tensor([2., 2., 2.])
    """

    __constants__: ClassVar[list[str]] = ["num_parameters"]
    function: ClassVar[str]
    num_parameters: int
    init: Mapping[str, float]

    def __init__(
        self,
        num_parameters: int,
        init: Mapping[str, float],
        device: torch.device | str | int | None,
        dtype: torch.dtype | None,
    ) -> None:
        name = type(self).__name__
        if not isinstance(num_parameters, int) or isinstance(num_parameters, bool):
            raise TypeError(f"{name}: num_parameters is a whole number, not {num_parameters!r}")
        if num_parameters < 1:
            raise ValueError(f"{name}: num_parameters must be at least 1, not {num_parameters}")
        super().__init__()
        self.num_parameters = num_parameters
        self.init = {key: number(self.function, key, value) for key, value in init.items()}
        for parameter in init:
            values = torch.empty(num_parameters, device=device, dtype=dtype)
            self.register_parameter(parameter, nn.Parameter(values))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Give every parameter its first value again."""
        for name, value in self.init.items():
            nn.init.constant_(getattr(self, name), value)

    def coefficients(self) -> dict[str, Tensor | float]:
        """Return the parameters of the function as they are now, by their names."""
        # Not `get_parameter`: `torch.func.functional_call` and parametrisations put tensors there.
        return {name: getattr(self, name) for name in self.init}

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        coefficients = [
            value if isinstance(value, float) else along_channels(value, input)
            for value in self.coefficients().values()
        ]
        result: Tensor = getattr(functional, self.function)(input, *coefficients)
        return result

    def extra_repr(self) -> str:
        """Show the argument, as PReLU does."""
        return f"num_parameters={self.num_parameters}"
