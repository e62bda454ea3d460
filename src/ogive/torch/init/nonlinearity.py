"""What may name a nonlinearity, and which function of the catalogue it is."""

from __future__ import annotations

from numbers import Real

from torch import nn

from ogive import catalog
from ogive.torch.nn import recognise

__all__ = ["LINEAR", "TORCH_NAMES", "Found", "Nonlinearity", "check_number", "resolve"]

Found = tuple[catalog.Function, dict[str, float]]
"""A record and all of its parameters."""

Nonlinearity = str | catalog.Function | nn.Module
"""A name, a record of the catalogue, or a module."""

LINEAR = frozenset(
    {
        *("linear", "identity", "conv1d", "conv2d", "conv3d"),
        *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
    }
)
"""Names that `torch.nn.init.calculate_gain` has for no nonlinearity at all, and "identity"."""

TORCH_NAMES = {
    record.elsewhere["torch"].partition(" ")[0].rpartition(".")[2]: record
    for record in reversed(list(catalog.CATALOG.values()))
    if "torch" in record.elsewhere
}
"""Every record under the name of torch's function, such as "hardtanh"."""
# Reversed, so that of two records with one name the first is found: gelu, not gelu_tanh.


def resolve(nonlinearity: Nonlinearity, **parameters: float) -> Found | None:
    """Find the record and the parameters of a nonlinearity.

    Parameters
    ----------
    nonlinearity : str, ogive.catalog.Function or torch.nn.Module
        A name or alias of the catalogue, torch's name of such a function, a record, or a module,
        which holds its parameters.
    **parameters : float
        Parameters that differ from their defaults.

    Returns
    -------
    tuple of (ogive.catalog.Function, dict of str to float), or None
        The record and all of its parameters; None for "linear", for convolutions by torch's
        names, and for `torch.nn.Identity`.

    Raises
    ------
    TypeError
        If the nonlinearity is of none of these types, or has no such parameter, or a parameter is
        no number.
    ValueError
        If the nonlinearity is unknown, a parameter out of its bounds, or given for a module.

    Examples
    --------
    >>> from ogive.torch.init.nonlinearity import resolve
    >>> record, parameters = resolve("hardtanh", max=2.0)
    >>> record.name, parameters
    ('hard_tanh', {'min': -1.0, 'max': 2.0})
    """
    if isinstance(nonlinearity, nn.Module):
        if parameters:
            raise ValueError(
                f"{type(nonlinearity).__name__} holds its own parameters; given: "
                f"{', '.join(parameters)}"
            )
        return None if isinstance(nonlinearity, nn.Identity) else _recognised(nonlinearity)
    if isinstance(nonlinearity, str) and nonlinearity in LINEAR:
        if parameters:
            raise TypeError(f"{nonlinearity} has no parameters; given: {', '.join(parameters)}")
        return None
    if isinstance(nonlinearity, catalog.Function):
        record = nonlinearity
    elif isinstance(nonlinearity, str) and nonlinearity in TORCH_NAMES:
        record = TORCH_NAMES[nonlinearity]
    else:
        record = catalog.get(nonlinearity)
    values = record.defaults()
    for name, value in parameters.items():
        if name not in values:
            known = ", ".join(values) or "none"
            raise TypeError(f"{record.name} has no parameter {name!r}; it has: {known}")
        values[name] = check_number(f"{record.name}: {name}", value)
    for parameter in record.parameters:
        if not parameter.allows(values[parameter.name]):
            raise ValueError(
                f"{record.name}: {parameter.name} must be {parameter.condition}, not "
                f"{values[parameter.name]!r}"
            )
    return record, values


def check_number(what: str, value: object) -> float:
    """Return a number as a float, or say which argument is none."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{what} is a number, not {type(value).__name__} {value!r}")
    return float(value)


def _recognised(module: nn.Module) -> Found:
    found = recognise(module)
    if found is None:
        known = ", ".join(catalog.CATALOG)
        raise ValueError(f"the catalogue has no record of {type(module).__name__}; it has: {known}")
    return found
