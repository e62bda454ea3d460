"""A record of the catalogue as plain JSON values."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ogive.catalog import Function


def as_json(record: Function) -> dict[str, Any]:
    """Return what is known of a function as JSON values.

    JSON has no infinities: they are the strings ``"inf"`` and ``"-inf"``. A limit outside the
    domain is null, and so is the derivative with respect to a parameter that is not learned.

    Parameters
    ----------
    record : ogive.catalog.Function

    Returns
    -------
    dict
    """
    bounds: dict[str, dict[str, float]] = {}
    for (kind, dtype), bound in record.error_bound.items():
        bounds.setdefault(kind, {})[dtype] = bound
    return {
        "name": record.name,
        "summary": record.summary,
        "aliases": list(record.aliases),
        "formula": record.formula,
        "derivative_formula": record.derivative_formula,
        "domain": [_finite(value) for value in record.domain],
        "range": [_finite(value) for value in record.range],
        "limits": [_finite(value) for value in record.limits],
        "parameters": [
            {
                "name": parameter.name,
                "default": parameter.default,
                "lower": _finite(parameter.lower),
                "upper": _finite(parameter.upper),
                "lower_included": parameter.lower_included,
                "summary": parameter.summary,
                "learned": parameter.learned,
                "derivative_formula": parameter.derivative_formula or None,
            }
            for parameter in record.parameters
        ],
        "saturates": list(record.saturates),
        "max_derivative": _finite(record.max_derivative),
        "monotonic": record.monotonic,
        "odd": record.odd,
        "zero_centred": record.zero_centred,
        "self_gated": record.self_gated,
        "smooth": record.smooth,
        "initializer": record.initializer,
        "gain": record.gain,
        "initializer_reason": record.initializer_reason,
        "elsewhere": dict(record.elsewhere),
        "error_bound_ulp": bounds,
        "cancels": list(record.cancels),
        "example": asdict(record.example),
        "source": record.source,
    }


def _finite(value: float | None) -> float | str | None:
    if value is None or math.isfinite(value):
        return value
    return str(float(value))
