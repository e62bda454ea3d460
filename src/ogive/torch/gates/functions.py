"""Gated linear units as functions."""

from __future__ import annotations

from torch import Tensor

from ogive.torch.gates.products import GatedActivation, Halves, checked

__all__ = ["gated", "geglu", "glu", "reglu", "swiglu"]

GATED = {name: GatedActivation(name) for name in ("sigmoid", "silu", "gelu", "gelu_tanh", "relu")}
_GELU = {"none": "gelu", "tanh": "gelu_tanh"}


def one_of(name: str, argument: str, value: object, allowed: tuple[str, ...]) -> None:
    """Raise TypeError or ValueError unless an argument is one of the words allowed."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: {argument} is a string, not {type(value).__name__}")
    if value not in allowed:
        choices = " or ".join(map(repr, allowed))
        raise ValueError(f"{name}: {argument} is {choices}, not {value!r}")


def _packed(name: str, activation: str, input: Tensor, dim: int, gate: str) -> Tensor:
    one_of(name, "gate", gate, ("last", "first"))
    checked(name, "input", input)
    if not isinstance(dim, int) or isinstance(dim, bool):
        raise TypeError(f"{name}: dim is an integer, not {dim!r}")
    dimensions = input.dim()
    if dimensions == 0:
        raise ValueError(f"{name}: input has no dimension to be halved: it is a single number")
    if not -dimensions <= dim < dimensions:
        raise IndexError(
            f"{name}: dim is {dim}, but input has {dimensions} dimensions: "
            f"expected {-dimensions} to {dimensions - 1}"
        )
    if input.shape[dim] % 2:
        raise ValueError(
            f"{name}: input has {input.shape[dim]} entries along dim {dim}, which is not even: "
            "half of them are the value, half the gate"
        )
    return GATED[activation].of_packed(input, Halves(dim % dimensions, gate == "first"))


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """Multiply the first half of a tensor by the sigmoid of the second.

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64, with an even number of entries along `dim`.
    dim : int, optional
        The dimension that is halved.

    Returns
    -------
    torch.Tensor
        Of the dtype of `input`, half as long along `dim`.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype, or `dim` no integer.
    ValueError
        If `input` has no dimension, or an odd number of entries along `dim`.
    IndexError
        If `input` has no dimension `dim`.

    Notes
    -----
    Error: value and gradients within 1 ulp (float16 and bfloat16: correctly rounded), as long as
    value times incoming gradient is a finite number of their dtype. An infinite value times a gate
    that is 0 is NaN, the product of IEEE 754.

    Memory: `input` is saved for the gradient, and nothing else.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import gates
    >>> gates.glu(torch.tensor([1.0, 2.0, 0.0, 20.0]))
    tensor([0.5000, 2.0000])
    """
    return _packed("glu", "sigmoid", input, dim, "last")


def swiglu(input: Tensor, dim: int = -1, gate: str = "last") -> Tensor:
    """Multiply one half of a tensor by the silu of the other.

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64, with an even number of entries along `dim`.
    dim : int, optional
        The dimension that is halved.
    gate : {"last", "first"}, optional
        Which half silu is taken of. Networks that compute silu(x W1) * (x W3) from one matrix
        with W1 before W3, as LLaMA's, have it first.

    Returns
    -------
    torch.Tensor
        Of the dtype of `input`, half as long along `dim`.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype, `dim` no integer or `gate` no string.
    ValueError
        If `gate` is neither of them, or `input` cannot be halved along `dim`.
    IndexError
        If `input` has no dimension `dim`.

    Notes
    -----
    Error and memory: as `glu` has them.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import gates
    >>> gates.swiglu(torch.tensor([3.0, 2.0]))
    tensor([5.2848])
    >>> gates.swiglu(torch.tensor([2.0, 3.0]), gate="first")
    tensor([5.2848])
    """
    return _packed("swiglu", "silu", input, dim, gate)


def geglu(input: Tensor, dim: int = -1, gate: str = "last", approximate: str = "none") -> Tensor:
    """Multiply one half of a tensor by the gelu of the other.

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64, with an even number of entries along `dim`.
    dim : int, optional
        The dimension that is halved.
    gate : {"last", "first"}, optional
        Which half gelu is taken of.
    approximate : {"none", "tanh"}, optional
        Whether gelu is x Φ(x) or its approximation by tanh, as `torch.nn.functional.gelu` has it.

    Returns
    -------
    torch.Tensor
        Of the dtype of `input`, half as long along `dim`.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype, `dim` no integer, or `gate` or `approximate`
        no string.
    ValueError
        If `gate` or `approximate` is neither of its two, or `input` cannot be halved along `dim`.
    IndexError
        If `input` has no dimension `dim`.

    Notes
    -----
    Error and memory: as `glu` has them.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import gates
    >>> gates.geglu(torch.tensor([3.0, 1.0]))
    tensor([2.5240])
    """
    one_of("geglu", "approximate", approximate, ("none", "tanh"))
    return _packed("geglu", _GELU[approximate], input, dim, gate)


def reglu(input: Tensor, dim: int = -1, gate: str = "last") -> Tensor:
    """Multiply one half of a tensor by the relu of the other.

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64, with an even number of entries along `dim`.
    dim : int, optional
        The dimension that is halved.
    gate : {"last", "first"}, optional
        Which half relu is taken of.

    Returns
    -------
    torch.Tensor
        Of the dtype of `input`, half as long along `dim`.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype, `dim` no integer or `gate` no string.
    ValueError
        If `gate` is neither of them, or `input` cannot be halved along `dim`.
    IndexError
        If `input` has no dimension `dim`.

    Notes
    -----
    Error: correctly rounded. Memory: as `glu` has it.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import gates
    >>> gates.reglu(torch.tensor([3.0, 3.0, -1.0, 2.0]))
    tensor([0., 6.])
    """
    return _packed("reglu", "relu", input, dim, gate)


def gated(value: Tensor, gate: Tensor, activation: str = "silu") -> Tensor:
    """Multiply a tensor by an activation of another, such as the outputs of two linear layers.

    Parameters
    ----------
    value, gate : torch.Tensor
        float16, bfloat16, float32 or float64, both the same; their shapes are broadcast.
    activation : {"sigmoid", "silu", "gelu", "gelu_tanh", "relu"}, optional
        What is taken of `gate`.

    Returns
    -------
    torch.Tensor
        `value * activation(gate)`.

    Raises
    ------
    TypeError
        If `value` or `gate` is not a tensor of such a dtype, their dtypes or devices differ, or
        `activation` is no string.
    ValueError
        If their shapes cannot be broadcast, or `activation` is none of these.

    Notes
    -----
    Error: as `glu` has it. Memory: `value` and `gate` are saved for the gradient, and nothing
    else.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import gates
    >>> gates.gated(torch.tensor([3.0, 3.0]), torch.tensor([0.0, 2.0]), "sigmoid")
    tensor([1.5000, 2.6424])
    """
    one_of("gated", "activation", activation, tuple(GATED))
    checked("gated", "value", value)
    checked("gated", "gate", gate)
    for attribute in ("dtype", "device"):
        of_value, of_gate = getattr(value, attribute), getattr(gate, attribute)
        if of_value != of_gate:
            raise TypeError(
                f"gated: value and gate have one {attribute}, not {of_value} and {of_gate}"
            )
    if value.shape != gate.shape:
        shape = _broadcast(value, gate)
        value, gate = value.expand(shape), gate.expand(shape)
    return GATED[activation].of_pair(value, gate)


def _broadcast(value: Tensor, gate: Tensor) -> list[int]:
    """Return the shape that both can be expanded to."""
    shapes = tuple(value.shape), tuple(gate.shape)
    length = max(map(len, shapes))
    padded = [(1,) * (length - len(shape)) + shape for shape in shapes]
    shape = []
    for first, second in zip(*padded, strict=True):
        if first != second and 1 not in (first, second):
            raise ValueError(
                f"gated: the shapes of value and gate, {shapes[0]} and {shapes[1]}, cannot be "
                "broadcast"
            )
        shape.append(second if first == 1 else first)
    return shape
