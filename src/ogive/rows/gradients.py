"""grad_output times the derivative of the functions of a row, under their names."""

from __future__ import annotations

from typing import Any

import numpy as np

from ogive import _core
from ogive.rows.along import along, as_floats, empty_value, masked

__all__ = ["log_softmax", "logsumexp", "softmax", "softmin", "sparsemax"]

_DOCSTRING = """Multiply a gradient with the derivative of `ogive.{name}`, in one call.

    Parameters
    ----------
    grad_output : array_like
        The gradient with respect to the result, {shape}
    x : array_like
        The argument, at least one-dimensional. float16, bfloat16, float32 or float64; integers and
        booleans are converted as `numpy.tanh` does.
    axis : int, tuple of int or None, optional
        The axis along which the rows lie, as for `ogive.{name}`. Default -1.
    out : ndarray, optional
        Array of the shape of x to write the result to; it may be `grad_output` or x.
    where : array_like of bool, optional
        The mask that `ogive.{name}` was given. The gradient is 0 where it is False.
    empty : {{"nan", "zero"}}, optional
        What `ogive.{name}` was given: of a row without entries the gradient is that. Default "nan".
    dtype : dtype, optional
        The float dtype to compute and return.

    Returns
    -------
    ndarray
        The gradient with respect to x, of its shape.

    Raises
    ------
    TypeError, ValueError, numpy.exceptions.AxisError
        As `ogive.{name}`.

    Notes
    -----
    {formula}

    Error: within 2 ulp of the size of the terms of that difference, in float32 and float64; float32
    is computed in doubles, float64 in pairs of them. It starts from the argument, so that nothing
    is lost where a probability is next to 1.

    Source: the derivative of the formula of `ogive.{name}`.

    Examples
    --------
    >>> import ogive
    >>> {example}
    """


def _gradient(name: str, shape: str, formula: str, example: str) -> Any:
    """Make the public function."""
    ufunc = getattr(_core, f"backward_{'softmax' if name == 'softmin' else name}")

    def gradient(
        grad_output: Any,
        x: Any,
        axis: int | tuple[int, ...] | None = -1,
        out: Any = None,
        *,
        where: Any = None,
        empty: str = "nan",
        dtype: Any = None,
    ) -> Any:
        nothing = empty_value(empty)
        grad_output, x = np.asanyarray(grad_output), as_floats(x)
        if name == "logsumexp":
            axes = tuple(range(x.ndim)) if axis is None else axis
            if grad_output.ndim < x.ndim:
                grad_output = np.expand_dims(grad_output, axes)
            grad_output = np.broadcast_to(grad_output, x.shape)
        if name == "softmin":
            grad_output, x = np.negative(as_floats(grad_output)), np.negative(x)
        if where is not None:
            mask = masked(where, x.shape)
            x = np.where(mask, x, x.dtype.type(-np.inf))
            grad_output = np.where(mask, grad_output, grad_output.dtype.type(0))

        def call(*rows: Any, **keywords: Any) -> Any:
            return ufunc(*rows, nothing, dtype=dtype, **keywords)

        return along(call, (grad_output, x), axis, out, to_row=True)

    gradient.__name__ = gradient.__qualname__ = name
    gradient.__module__ = "ogive.backward"
    gradient.__doc__ = _DOCSTRING.format(name=name, shape=shape, formula=formula, example=example)
    return gradient


_OF_X = "of its shape, which is that of x."
softmax = _gradient(
    "softmax",
    _OF_X,
    "softmax(x)_i (grad_output_i - sum_j grad_output_j softmax(x)_j)",
    "ogive.backward.softmax([1.0, 0.0], [0.0, -40.0])\n    "
    "array([ 4.24835426e-18, -4.24835426e-18])",
)
softmin = _gradient(
    "softmin",
    _OF_X,
    "-softmin(x)_i (grad_output_i - sum_j grad_output_j softmin(x)_j)",
    "ogive.backward.softmin([1.0, 0.0], [0.0, 0.0])\n    array([-0.25,  0.25])",
)
log_softmax = _gradient(
    "log_softmax",
    _OF_X,
    "grad_output_i - softmax(x)_i sum_j grad_output_j",
    "ogive.backward.log_softmax([1.0, 0.0], [0.0, 0.0])\n    array([ 0.5, -0.5])",
)
logsumexp = _gradient(
    "logsumexp",
    "without the axes along which the rows lie, or with length 1 there.",
    "grad_output softmax(x)_i",
    "ogive.backward.logsumexp(2.0, [0.0, 0.0])\n    array([1., 1.])",
)
sparsemax = _gradient(
    "sparsemax",
    _OF_X,
    "grad_output_i less its mean over the support of sparsemax(x), within the support; 0 elsewhere",
    "ogive.backward.sparsemax([1.0, 0.0, 5.0], [1.0, 1.0, 0.0])\n    array([ 0.5, -0.5,  0. ])",
)
