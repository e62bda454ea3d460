"""Modules made to adapt: their shape is learned, or follows the data."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from ogive import catalog
from ogive.torch import functional
from ogive.torch.functional.checks import number
from ogive.torch.nn.learnable import Learnable

__all__ = ["PAU", "PDELU", "SRS", "XIELU", "ABReLU"]

_Device = torch.device | str | int | None

_PAU = catalog.get("pau").defaults()


class SRS(Learnable):
    """The soft root sign, `ogive.torch.functional.srs`, with learned alpha and beta.

    Parameters
    ----------
    num_parameters : int, optional
        1, or the number of channels, which are dimension 1 of the input.
    alpha, beta : float, optional
        The first values of the parameters. Both stay above 0, and beta below e alpha, for as long
        as training leaves them there.
    device, dtype : optional
        Of the parameters.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what it must be.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import SRS
    >>> SRS()(torch.tensor([2.0])).detach()
    tensor([2.1896])
    """

    function: ClassVar[str] = "srs"
    alpha: Parameter
    beta: Parameter

    def __init__(
        self,
        num_parameters: int = 1,
        alpha: float = 5.0,
        beta: float = 3.0,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(num_parameters, {"alpha": alpha, "beta": beta}, device, dtype)


class PDELU(Learnable):
    """ELU with a deformed exponential, `ogive.torch.functional.pdelu`; alpha and t are learned.

    Parameters
    ----------
    num_parameters : int, optional
        1, or the number of channels, which are dimension 1 of the input.
    alpha, t : float, optional
        The first values of the parameters. t stays in [0, 1] for as long as training leaves it
        there.
    device, dtype : optional
        Of the parameters.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what it must be.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import PDELU
    >>> PDELU()(torch.tensor([-2.0])).detach()
    tensor([-0.8926])
    """

    function: ClassVar[str] = "pdelu"
    alpha: Parameter
    t: Parameter

    def __init__(
        self,
        num_parameters: int = 1,
        alpha: float = 1.0,
        t: float = 0.9,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(num_parameters, {"alpha": alpha, "t": t}, device, dtype)


class PAU(Learnable):
    """The Padé activation unit, `ogive.torch.functional.pau`; all ten coefficients are learned.

    Parameters
    ----------
    num_parameters : int, optional
        1, or the number of channels, which are dimension 1 of the input.
    a0, a1, a2, a3, a4, a5 : float, optional
        The first coefficients of the numerator; the defaults are nearly leaky ReLU on [-3, 3].
    b1, b2, b3, b4 : float, optional
        Those of the denominator.
    device, dtype : optional
        Of the parameters.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what it must be.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import PAU
    >>> PAU()(torch.tensor([2.0])).detach()
    tensor([2.0012])
    """

    function: ClassVar[str] = "pau"
    a0: Parameter
    a1: Parameter
    a2: Parameter
    a3: Parameter
    a4: Parameter
    a5: Parameter
    b1: Parameter
    b2: Parameter
    b3: Parameter
    b4: Parameter

    def __init__(
        self,
        num_parameters: int = 1,
        a0: float = _PAU["a0"],
        a1: float = _PAU["a1"],
        a2: float = _PAU["a2"],
        a3: float = _PAU["a3"],
        a4: float = _PAU["a4"],
        a5: float = _PAU["a5"],
        b1: float = _PAU["b1"],
        b2: float = _PAU["b2"],
        b3: float = _PAU["b3"],
        b4: float = _PAU["b4"],
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        given = (a0, a1, a2, a3, a4, a5, b1, b2, b3, b4)
        super().__init__(num_parameters, dict(zip(_PAU, given, strict=True)), device, dtype)


class XIELU(Learnable):
    """The integral of a trainable ELU, `ogive.torch.functional.xielu`, as its authors train it.

    What is registered and learned as `alpha_p` and `alpha_n` are numbers without bounds: the
    function's own are softplus(alpha_p) and beta + softplus(alpha_n), so that it bends upwards on
    both sides and rises again to the left. beta, the slope at 0, is fixed. This is how A. H. Huang
    and I. Schlag (2024), arXiv 2411.13010, have it, and the keys in the `state_dict` are theirs; of
    one of `transformers.activations.XIELUActivation` they load with ``strict=False``, its buffers
    being arguments here.

    Parameters
    ----------
    num_parameters : int, optional
        1, or the number of channels, which are dimension 1 of the input.
    alpha_p, alpha_n : float, optional
        The first values of the function's alphas; `alpha_p` is above 0, `alpha_n` above `beta`.
    beta : float, optional
        The slope at 0.
    device, dtype : optional
        Of the parameters.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what it must be.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import XIELU
    >>> XIELU()(torch.tensor([2.0])).detach()
    tensor([4.2000])
    """

    function: ClassVar[str] = "xielu"
    alpha_p: Parameter
    alpha_n: Parameter
    beta: float

    def __init__(
        self,
        num_parameters: int = 1,
        alpha_p: float = 0.8,
        alpha_n: float = 0.8,
        beta: float = 0.5,
        device: _Device = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        positive, negative = (
            number("xielu", "alpha_p", alpha_p),
            number("xielu", "alpha_n", alpha_n),
        )
        slope = number("xielu", "beta", beta)
        if positive <= 0.0:
            raise ValueError(f"XIELU: alpha_p must be greater than 0, not {alpha_p!r}")
        if negative <= slope:
            raise ValueError(f"XIELU: alpha_n must be greater than beta, {beta!r}, not {alpha_n!r}")
        init = {
            "alpha_p": _inverse_softplus(positive),
            "alpha_n": _inverse_softplus(negative - slope),
        }
        super().__init__(num_parameters, init, device, dtype)
        self.beta = slope

    def coefficients(self) -> dict[str, Tensor | float]:
        """Return the parameters of the function as they are now, by their names."""
        return {
            "alpha_p": functional.softplus(self.alpha_p),
            "alpha_n": self.beta + functional.softplus(self.alpha_n),
            "beta": self.beta,
        }

    def extra_repr(self) -> str:
        """Show the arguments."""
        return f"{super().extra_repr()}, beta={self.beta}"


def _inverse_softplus(value: float) -> float:
    """log(exp(value) - 1), value + log(1 - exp(-value)), which does not overflow."""
    return value + math.log(-math.expm1(-value))


class ABReLU(nn.Module):
    """The average-biased ReLU, `ogive.torch.functional.abrelu`, as a module; torch has none.

    Parameters
    ----------
    threshold : float, optional
        What is taken off. None, the default, is the authors' choice: the mean of the input volume,
        which in a batch is that of each sample by itself, over all dimensions but the first. So a
        sample is mapped to the same whatever it is batched with. An input of one dimension is one
        sample. The gradient goes through the mean too.

    Raises
    ------
    TypeError, ValueError
        If `threshold` is neither a finite number nor None.

    Notes
    -----
    Source: S. R. Dubey, S. Chakraborty (2018), Average biased ReLU based CNN descriptor for
    improved face retrieval, arXiv 1804.02051.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import ABReLU
    >>> ABReLU()(torch.tensor([[1.0, 3.0], [2.0, 8.0]]))
    tensor([[0., 1.],
            [0., 3.]])
    """

    __constants__: ClassVar[list[str]] = ["threshold"]
    threshold: float | None

    def __init__(self, threshold: float | None = None) -> None:
        super().__init__()
        self.threshold = None if threshold is None else number("abrelu", "threshold", threshold)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        if self.threshold is not None:
            return functional.abrelu(input, self.threshold)
        sample = list(range(min(1, input.dim() - 1), input.dim())) if input.dim() else []
        return functional.abrelu(input, input.mean(sample, keepdim=True))

    def extra_repr(self) -> str:
        """Show the argument."""
        return f"threshold={self.threshold}"
