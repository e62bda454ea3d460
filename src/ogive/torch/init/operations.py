"""What an operation of torch does to a signal, by its name: on which the tracing of calls rests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from torch import Tensor

from ogive import catalog
from ogive.torch.init.nonlinearity import TORCH_NAMES, Found

__all__ = [
    "LAYERS",
    "PASSES",
    "PRODUCTS",
    "REDUCTIONS",
    "SCORES",
    "STATISTICS",
    "activation_called",
    "is_fresh",
    "name_of",
    "takes_the_larger",
    "tensors_in",
]

LAYERS = frozenset(
    {
        *("linear", "bilinear", "multi_head_attention_forward"),
        *("conv1d", "conv2d", "conv3d", "convolution"),
        *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
        *("lstm", "gru", "rnn_tanh", "rnn_relu"),
        *("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"),
    }
)
"""A new signal, by weights of its own."""

SCORES = frozenset({"softmax", "log_softmax", "softmin", "gumbel_softmax"})
"""Probabilities, which need no activation's gain before them."""

STATISTICS = frozenset(
    {
        *("var", "std", "var_mean", "std_mean", "norm", "vector_norm", "linalg_norm"),
        *("linalg_vector_norm", "logsumexp"),
    }
)
"""By which a signal is divided: no path of the signal itself."""

REDUCTIONS = frozenset({"mean", "sum", "nanmean", "amax", "amin", "max", "min"})
"""Pooling of a signal; a statistic of what a nonlinear operation made of it."""

PRODUCTS = frozenset({"mul", "__mul__", "__rmul__", "multiply", "__imul__"})

PASSES = frozenset(
    {
        # sums and products
        *("add", "sub", "subtract", "rsub", "__add__", "__radd__", "__iadd__", "__sub__"),
        *("__rsub__", "__isub__", "neg", "negative", "div", "divide", "true_divide"),
        *("__truediv__", "__itruediv__", "lerp", "addcmul"),
        *("matmul", "__matmul__", "__rmatmul__", "mm", "bmm", "mv", "addmm", "baddbmm", "einsum"),
        *("tensordot", "outer", "dot", "inner", "cumsum", "scaled_dot_product_attention"),
        # pieces put together and taken apart
        *("cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack", "chunk", "split"),
        *("split_with_sizes", "tensor_split", "unbind", "__getitem__", "select", "narrow"),
        *("index_select", "gather", "take_along_dim", "masked_fill", "where", "diagonal"),
        *("__setitem__", "copy", "index_copy", "scatter", "roll", "flip", "tril", "triu"),
        # shapes
        *("view", "view_as", "reshape", "reshape_as", "flatten", "unflatten", "ravel", "permute"),
        *("transpose", "t", "swapaxes", "swapdims", "movedim", "moveaxis", "squeeze", "unsqueeze"),
        *("expand", "expand_as", "broadcast_to", "repeat", "repeat_interleave", "tile", "adjoint"),
        *("unfold", "fold", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "pad"),
        *("native_channel_shuffle", "as_strided", "contiguous", "__get__"),
        # the same values elsewhere
        *("clone", "detach", "to", "type", "type_as", "float", "double", "half", "bfloat16"),
        *("cpu", "cuda", "requires_grad", "data", "alias", "nan_to_num"),
        # normalisation
        *("batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm"),
        *("local_response_norm", "normalize"),
        # dropout
        *("dropout", "dropout1d", "dropout2d", "dropout3d", "feature_dropout", "alpha_dropout"),
        *("feature_alpha_dropout",),
        # pooling and resampling
        *("avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool1d", "max_pool2d", "max_pool3d"),
        *("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"),
        *("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"),
        *("max_pool1d_with_indices", "max_pool2d_with_indices", "max_pool3d_with_indices"),
        *("adaptive_max_pool1d_with_indices", "adaptive_max_pool2d_with_indices"),
        *("adaptive_max_pool3d_with_indices", "fractional_max_pool2d", "fractional_max_pool3d"),
        *("fractional_max_pool2d_with_indices", "fractional_max_pool3d_with_indices"),
        *("lp_pool1d", "lp_pool2d", "lp_pool3d", "max_unpool1d", "max_unpool2d", "max_unpool3d"),
        *("interpolate", "upsample", "upsample_nearest", "upsample_bilinear", "grid_sample"),
    }
)
"""The signal again: the gain of the layer before is that of what comes after."""

_ACTIVATIONS = {
    name: record for record in catalog.CATALOG.values() for name in (record.name, *record.aliases)
} | TORCH_NAMES

# torch's names of parameters that the catalogue calls otherwise.
_RENAMED = {"min_val": "min", "max_val": "max"}


def name_of(function: Callable[..., Any]) -> str:
    """Return the name of an operation, whether it is called in place or not."""
    name = getattr(function, "__name__", type(function).__name__)
    if name.startswith("__"):
        return name
    return name.strip("_").removeprefix("special_")


def is_fresh(name: str) -> bool:
    """Whether an operation only takes the shape of its argument."""
    return name.endswith("_like") or name.startswith("new_")


def takes_the_larger(name: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> bool:
    """Whether max or min compares two tensors element by element, as a written-out ReLU does."""
    other = arguments[1] if len(arguments) > 1 else keywords.get("other")
    return name in ("max", "min") and isinstance(other, Tensor)


def activation_called(
    name: str, arguments: Sequence[Any], keywords: Mapping[str, Any]
) -> Found | None:
    """Return the record of the activation that is called, and its parameters in this call.

    The parameters of torch's functions, and of Ogive's, follow the input in the catalogue's
    order. One that is a tensor, such as prelu's weight, counts by its mean.
    """
    if name in ("clamp", "clip"):
        return _clamp(arguments, keywords)
    record = _ACTIVATIONS.get(name)
    if record is None:
        return None
    approximate = keywords.get("approximate", arguments[1] if len(arguments) > 1 else None)
    if name == "gelu" and isinstance(approximate, str) and approximate == "tanh":
        record = catalog.get("gelu_tanh")
    values = record.defaults()
    given = dict(zip(values, arguments[1:], strict=False))
    given |= {_RENAMED.get(key, key): value for key, value in keywords.items()}
    for parameter in values:
        if given.get(parameter) is not None:
            values[parameter] = _as_number(given[parameter])
    return record, values


def _clamp(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Found | None:
    """Take clamp(x, min=0) for relu, clamp(x, 0, 6) for relu6, clamp(x, a, b) for hard_tanh."""
    bounds = dict(zip(("min", "max"), arguments[1:], strict=False)) | dict(keywords)
    low, high = bounds.get("min"), bounds.get("max")
    if low is None or isinstance(low, Tensor) or isinstance(high, Tensor):
        return None
    if low == 0 and high in (None, 6):
        return catalog.get("relu" if high is None else "relu6"), {}
    return None if high is None else (catalog.get("hard_tanh"), {"min": low, "max": high})


def _as_number(value: Any) -> float:
    return value.detach().double().mean().item() if isinstance(value, Tensor) else float(value)


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Yield the tensors in what a function takes or returns, however deep they lie."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from tensors_in(part)
    elif isinstance(value, (list, tuple, set)):
        for part in value:
            yield from tensors_in(part)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from tensors_in(getattr(value, field.name))
