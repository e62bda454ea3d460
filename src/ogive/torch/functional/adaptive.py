"""Functions made to adapt: their shape is learned, or follows the data."""

from __future__ import annotations

from torch import Tensor

from ogive import catalog
from ogive.torch.autograd import Elementwise
from ogive.torch.functional.checks import number
from ogive.torch.functional.documented import documented
from ogive.torch.functional.rectifier import relu
from ogive.torch.learned import Learned
from ogive.torch.overrides import overridable

__all__ = ["abrelu", "pau", "pdelu", "srs", "xielu"]

_srs = Learned("srs")
_pdelu = Learned("pdelu")
_abrelu = Elementwise("abrelu")
_pau = Learned("pau")
_xielu = Learned("xielu")

_PAU = catalog.get("pau").defaults()


@overridable
@documented("srs")
def srs(input: Tensor, alpha: float | Tensor = 5.0, beta: float | Tensor = 3.0) -> Tensor:
    """Apply the soft root sign, x / (x / alpha + exp(-x / beta)), to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.srs(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([-1.2922,  0.0000,  2.1896])
    """
    return _srs(input, alpha, beta)


@overridable
@documented("pdelu")
def pdelu(input: Tensor, alpha: float | Tensor = 1.0, t: float | Tensor = 0.9) -> Tensor:
    """Apply ELU with an exponential deformed by t, to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.pdelu(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([-0.8926,  0.0000,  2.0000])
    """
    return _pdelu(input, alpha, t)


@overridable
@documented("abrelu")
def abrelu(input: Tensor, threshold: float | Tensor = 0.0) -> Tensor:
    """Apply the average-biased ReLU, max(x - threshold, 0), to every element.

    Parameters
    ----------
    threshold : float or torch.Tensor, optional
        What is taken off. The authors take the mean of the input volume; `ogive.torch.nn.ABReLU`
        does so. A tensor broadcasts against `input` and gets its gradient.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> x = torch.tensor([1.0, 2.0, 6.0])
    >>> functional.abrelu(x, x.mean())
    tensor([0., 0., 3.])
    """
    if isinstance(threshold, Tensor) and isinstance(input, Tensor):
        return relu(input - threshold)
    return _abrelu(input, number("abrelu", "threshold", threshold))


@overridable
@documented("pau")
def pau(
    input: Tensor,
    a0: float | Tensor = _PAU["a0"],
    a1: float | Tensor = _PAU["a1"],
    a2: float | Tensor = _PAU["a2"],
    a3: float | Tensor = _PAU["a3"],
    a4: float | Tensor = _PAU["a4"],
    a5: float | Tensor = _PAU["a5"],
    b1: float | Tensor = _PAU["b1"],
    b2: float | Tensor = _PAU["b2"],
    b3: float | Tensor = _PAU["b3"],
    b4: float | Tensor = _PAU["b4"],
) -> Tensor:
    """Apply the Padé activation unit, a quotient of two polynomials, to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.pau(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([-0.0188,  0.0336,  2.0012])
    """
    return _pau(input, a0, a1, a2, a3, a4, a5, b1, b2, b3, b4)


@overridable
@documented("xielu")
def xielu(
    input: Tensor,
    alpha_p: float | Tensor = 0.8,
    alpha_n: float | Tensor = 0.8,
    beta: float | Tensor = 0.5,
) -> Tensor:
    """Apply the integral of a trainable ELU to every element.

    The alphas are those of the formula; `ogive.torch.nn.XIELU` keeps them positive, as the authors
    do.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.xielu(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([-0.0917,  0.0000,  4.2000])
    """
    return _xielu(input, alpha_p, alpha_n, beta)
