"""An activation and the linear layer behind it, with one tensor kept between them.

An activation saves its argument for the backward pass, and a linear layer saves its own, which is
the activation's result: two tensors of one size. `ActivationLinear` saves the first and computes
the second again, at the cost of one elementwise pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ogive.torch.memory import in_forward_mode, is_observed

__all__ = ["ActivationLinear", "activation_linear"]


_IN_PLACE = "the activation works in place, on what is kept for the backward pass: {}"


class _ActivationLinear(torch.autograd.Function):
    """linear(f(x)), of which only x and the weight are saved."""

    @staticmethod
    def forward(
        ctx: Any,
        activation: Callable[[Tensor], Tensor],
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        *parameters: Tensor,
    ) -> Tensor:
        ctx.activation = activation
        ctx.has_bias = bias is not None
        ctx.save_for_backward(input, weight, *(() if bias is None else (bias,)), *parameters)
        version = input._version
        activated = activation(input)
        if input._version != version:
            raise ValueError(_IN_PLACE.format(activation))
        return nn.functional.linear(activated, weight, bias)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        input, weight, *rest = ctx.saved_tensors
        bias = rest.pop(0) if ctx.has_bias else None
        # An absent bias is never asked for.
        tensors = [input, weight, input if bias is None else bias, *rest]
        wanted = [i for i, needed in enumerate(ctx.needs_input_grad[1:]) if needed]
        again = torch.is_grad_enabled()
        with torch.enable_grad():
            # Differentiated again, it has to be a function of the very tensors that were saved.
            argument = input if again else input.detach().requires_grad_()
            activated = ctx.activation(argument)
            if again:
                output = nn.functional.linear(activated, weight, bias)
        results: list[Tensor | None] = [None] * len(tensors)
        if again:
            sources = [tensors[i] for i in wanted]
            found: Sequence[Tensor | None] = torch.autograd.grad(
                output, sources, grad, create_graph=True, allow_unused=True
            )
            for i, one in zip(wanted, found, strict=True):
                results[i] = one
            return (None, *results)
        rows = grad.reshape(-1, grad.shape[-1])
        if 1 in wanted:
            results[1] = rows.T @ activated.detach().reshape(-1, weight.shape[1])
        if 2 in wanted:
            results[2] = rows.sum(0)
        behind = [i for i in wanted if i not in (1, 2)]
        if behind:
            sources = [argument if i == 0 else tensors[i] for i in behind]
            found = torch.autograd.grad(activated, sources, grad @ weight, allow_unused=True)
            for i, one in zip(behind, found, strict=True):
                results[i] = one
        return (None, *results)


_apply: Callable[..., Tensor] = _ActivationLinear.apply


def activation_linear(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    activation: Callable[[Tensor], Tensor] = nn.functional.relu,
    parameters: Sequence[Tensor] = (),
) -> Tensor:
    """Apply an activation and then a linear map, saving one tensor instead of two.

    Parameters
    ----------
    input : torch.Tensor
        Before the activation; of shape (..., inputs).
    weight : torch.Tensor
        Of shape (outputs, inputs).
    bias : torch.Tensor, optional
        Of shape (outputs,).
    activation : callable
        An elementwise function without side effects, such as `ogive.torch.functional.gelu`, or a
        module of one; it is called again in the backward pass.
    parameters : sequence of torch.Tensor, optional
        The tensors, if any, that the activation learns. They have to be named for their gradients
        to be computed.

    Returns
    -------
    torch.Tensor
        ``linear(activation(input), weight, bias)``, of shape (..., outputs).

    Raises
    ------
    TypeError
        If `activation` cannot be called.
    ValueError
        If it works in place.

    Notes
    -----
    Saved for the backward pass: `input` and the parameters. `torch` saves input and result of the
    activation (of relu, only the result). Under `torch.compile`, `torch.func` and forward mode,
    and with the random slopes of `torch.nn.RReLU` in training, which cannot be computed again, it
    is the two operations one after the other.

    Source: T. Chen, B. Xu, C. Zhang, C. Guestrin (2016), Training deep nets with sublinear memory
    cost, arXiv 1604.06174, for a single activation.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional, fused
    >>> x, weight = torch.tensor([[-1.0, 2.0]]), torch.tensor([[1.0, 1.0]])
    >>> fused.activation_linear(x, weight, activation=functional.relu)
    tensor([[2.]])
    """
    if not callable(activation):
        raise TypeError(f"activation is a function or module, not {type(activation).__name__}")
    if getattr(activation, "inplace", False):
        raise ValueError(_IN_PLACE.format(activation))
    draws = isinstance(activation, nn.RReLU) and activation.training
    if draws or is_observed() or in_forward_mode():
        return nn.functional.linear(activation(input), weight, bias)
    device = input.device.type
    if torch.is_autocast_enabled(device):
        dtype = torch.get_autocast_dtype(device)
        input, weight = input.to(dtype), weight.to(dtype)
        bias = None if bias is None else bias.to(dtype)
    return _apply(activation, input, weight, bias, *parameters)


class ActivationLinear(nn.Linear):
    """A linear layer that applies an activation to its input first.

    Parameters
    ----------
    activation : torch.nn.Module
        An elementwise activation, of Ogive or of torch; what it learns is learned.
    in_features, out_features, bias, device, dtype
        As those of `torch.nn.Linear`, whose attributes and `state_dict` keys it has.

    Raises
    ------
    TypeError
        If `activation` is no module.

    Notes
    -----
    See `activation_linear`. The initial weights are those of `torch.nn.Linear`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import nn
    >>> from ogive.torch.fused import ActivationLinear
    >>> network = torch.nn.Sequential(torch.nn.Linear(4, 8), ActivationLinear(nn.GELU(), 8, 2))
    >>> network(torch.ones(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        activation: nn.Module,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if not isinstance(activation, nn.Module):
            raise TypeError(
                f"activation is a torch.nn.Module, not {type(activation).__name__} {activation!r}"
            )
        super().__init__(in_features, out_features, bias, device, dtype)
        self.activation = activation

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation and the linear map."""
        learned = tuple(self.activation.parameters())
        return activation_linear(input, self.weight, self.bias, self.activation, learned)
