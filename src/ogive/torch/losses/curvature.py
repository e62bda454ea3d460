"""The Hessian of a cross-entropy, times a vector, from the gradient that was kept.

In torch's operations, so that it can be differentiated in its turn.
"""

from __future__ import annotations

from torch import Tensor

from ogive.torch.losses.portable import dense_target, widened


def _inverse(x: Tensor) -> Tensor:
    """1 / x, and 0 for 0: what has no weight has no curvature."""
    return (x != 0) / x.masked_fill(x == 0, 1.0)


def of_binary(
    gradient: Tensor,
    vector: Tensor,
    target: Tensor,
    weight: Tensor | None,
    pos_weight: Tensor | None,
    *,
    factor: float,
) -> Tensor:
    """Return w f (1 - t + p t) sigmoid(x) sigmoid(-x) times a vector.

    The gradient is w f u, u = (1 - t) sigmoid(x) - p t sigmoid(-x), and with T = 1 - t + p t
    therefore sigmoid(x) = (u + p t) / T and sigmoid(-x) = (1 - t - u) / T.
    """
    if not factor:
        return vector * 0.0
    g, t = widened(gradient), widened(target)
    u = g / factor
    if weight is not None:
        u = u * _inverse(weight.to(u.dtype))
    positive = t if pos_weight is None else t * pos_weight.to(u.dtype)
    curved = (u + positive) * ((1.0 - t - u) * _inverse(1.0 - t + positive)) * factor
    if weight is not None:
        curved = curved * weight.to(u.dtype)
    return (curved * vector).to(vector.dtype)


def of_rows(
    gradient: Tensor,
    vector: Tensor,
    target: Tensor,
    weight: Tensor | None,
    *,
    factor: float,
    ignore_index: int,
    label_smoothing: float,
    dim: int,
) -> Tensor:
    """Return f T (diag(p) - p p') times a vector, for every row.

    The gradient is f u, u = T p - d, of the target d with the sum T. With that the mean of the
    vector under p is (d v + u v) / T, and for a class whose probability is nearly 1 nothing
    cancels in v_i - d v / T - u v / T.
    """
    if not factor:
        return vector * 0.0
    g, v = widened(gradient), widened(vector)
    u = g / factor
    d = dense_target(target, g, weight, ignore_index, label_smoothing, dim)
    inverse = _inverse(d.sum(dim, keepdim=True))
    centred = v - (d * v).sum(dim, keepdim=True) * inverse
    centred = centred - (u * v).sum(dim, keepdim=True) * inverse
    # Without a target there is no gradient, and (u + d) is 0.
    return (factor * (u + d) * centred).to(vector.dtype)
