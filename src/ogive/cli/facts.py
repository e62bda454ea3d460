"""What a record says, in words: `ogive show` and the pages in docs/functions both print it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ogive.cli.console import ends, number

if TYPE_CHECKING:
    from ogive.catalog import Function, Parameter


def behaviour(record: Function) -> list[tuple[str, str]]:
    """Return what is known of the curve, at default parameters: label and words.

    Examples
    --------
    >>> from ogive import catalog
    >>> behaviour(catalog.get("relu"))[1]
    ('values', '0 … ∞')
    """
    is_so = {
        "monotonic": record.monotonic,
        "odd": record.odd,
        "zero-centred": record.zero_centred,
        "self-gated": record.self_gated,
        "smooth": record.smooth,
    }
    facts = [
        ("defined on", f"{number(record.domain[0])} … {number(record.domain[1])}"),
        ("values", f"{number(record.range[0])} … {number(record.range[1])}"),
    ]
    limits = [
        f"{number(limit)} at {end}"
        for limit, end in zip(record.limits, ("−∞", "+∞"), strict=True)
        if limit is not None
    ]
    if limits:
        facts.append(("limits", ", ".join(limits)))
    flat = ends(record.saturates)
    facts += [
        ("saturates", f"at {flat} (the derivative tends to 0)" if flat else "nowhere"),
        ("largest slope", number(record.max_derivative)),
        ("is", ", ".join(word for word, true in is_so.items() if true) or "none of these"),
        ("is not", ", ".join(word for word, true in is_so.items() if not true) or "–"),
    ]
    return facts


def derivative_calls(record: Function, parameter: Parameter) -> tuple[str, str]:
    """Return the calls for the derivative with respect to a learned parameter.

    Examples
    --------
    >>> from ogive import catalog
    >>> derivative_calls(catalog.get("elu"), catalog.get("elu").parameters[0])[0]
    'ogive.grad.elu(x, wrt="alpha")'
    """
    wrt = f'wrt="{parameter.name}"'
    return (
        f"ogive.grad.{record.name}(x, {wrt})",
        f"ogive.backward.{record.name}(grad_output, x, {wrt})",
    )


def initialisation(record: Function) -> str:
    """Name the initialisation of the weights before the function, with its gain.

    Examples
    --------
    >>> from ogive import catalog
    >>> initialisation(catalog.get("relu"))
    'kaiming_normal, gain 1.414'
    """
    return f"{record.initializer}, gain {number(record.gain)}"


def error(bound: float) -> str:
    """Write an error bound.

    Examples
    --------
    >>> error(0.5), error(0.0)
    ('0.5 ulp', 'exact')
    """
    return "exact" if bound == 0.0 else f"{number(bound)} ulp"


def examples(record: Function) -> Iterator[tuple[str, str]]:
    """Yield the calls of the record's example, each with what NumPy prints.

    Examples
    --------
    >>> from ogive import catalog
    >>> next(examples(catalog.get("relu")))
    ('ogive.relu([-2.0, 0.0, 2.0])', 'array([0., 0., 2.])')
    """
    example = record.example
    yield f"ogive.{record.name}({example.at})", example.value
    yield f"ogive.grad.{record.name}({example.at})", example.grad
    yield f"ogive.backward.{record.name}([1.0, 10.0, 100.0], {example.at})", example.backward
