"""Docstrings in numpydoc form, generated from the catalogue."""

from __future__ import annotations

from ogive.catalog import DTYPES, Function, Kind
from ogive.numpydoc import capitalised, entry, section, wrap

QUALIFIER: dict[Kind, str] = {
    "value": "ogive",
    "grad": "ogive.grad",
    "backward": "ogive.backward",
}
"""The module in which each kind is public."""

_FLOATS = (
    "float16, bfloat16 (of ml_dtypes), float32 or float64; integers and booleans are converted as"
    " `numpy.tanh` does."
)


def call_form(function: Function, kind: Kind) -> str:
    """Write the call as it is written, such as ``leaky_relu(x, negative_slope=0.01)``.

    Parameters
    ----------
    function : Function
        A record of the catalogue.
    kind : {"value", "grad", "backward"}
        Which of the three.

    Returns
    -------
    str
        Name and arguments, without the module.

    Examples
    --------
    >>> from ogive import catalog, docstrings
    >>> docstrings.call_form(catalog.get("elu"), "backward")
    "elu(grad_output, x, alpha=1.0, wrt='x')"
    """
    arguments = ["grad_output", "x"] if kind == "backward" else ["x"]
    arguments += [f"{parameter.name}={parameter.default}" for parameter in function.parameters]
    if function.parameters and kind != "value":
        arguments.append("wrt='x'")
    return f"{function.name}({', '.join(arguments)})"


def _summary(function: Function, kind: Kind) -> str:
    if kind == "value":
        return function.summary
    if kind == "grad":
        return f"The derivative of `ogive.{function.name}`."
    return f"The derivative of `ogive.{function.name}` times grad_output, in one pass."


def _formula(function: Function, kind: Kind) -> str:
    if kind == "value":
        return wrap(f"f(x) = {function.formula}")
    if kind == "grad":
        text = f"f'(x) = {function.derivative_formula}, for f(x) = {function.formula}"
    else:
        text = f"grad_output f'(x) with f'(x) = {function.derivative_formula}"
    learned = (
        f'With wrt="{parameter.name}", in place of f\'(x): {parameter.derivative_formula}'
        for parameter in function.parameters
        if parameter.learned
    )
    return "\n\n".join(map(wrap, (text, *learned)))


def _wrt(function: Function) -> str:
    names = ["x", *(parameter.name for parameter in function.parameters if parameter.learned)]
    choice = ", ".join(f'"{name}"' for name in names)
    told = "or a parameter" if len(names) > 1 else "the only one here"
    return entry(
        f"wrt : {{{choice}}}, optional",
        f'What the derivative is taken with respect to: "x", the default, {told}.',
    )


def _parameters(function: Function, kind: Kind) -> str:
    entries = []
    if kind == "backward":
        entries.append(
            entry("grad_output : array_like", "Gradient with respect to the output. " + _FLOATS)
        )
    argument = "Argument; dimensionless. " + _FLOATS
    low, high = function.domain
    if (low, high) != (-float("inf"), float("inf")):
        argument += f" NaN is returned outside [{low:g}, {high:g}]."
    entries.append(entry("x : array_like", argument))
    entries.extend(
        entry(
            f"{parameter.name} : array_like, optional",
            f"{capitalised(parameter.summary)}; {parameter.condition}. It broadcasts against"
            f" the other operands. Default {parameter.default:g}.",
        )
        for parameter in function.parameters
    )
    if function.parameters and kind != "value":
        entries.append(_wrt(function))
    entries.append(
        entry(
            "out : ndarray, optional",
            "Array to write the result to; it may be the input itself.",
        )
    )
    entries.append(
        entry(
            "where : array_like of bool, optional",
            "Where to compute; elsewhere `out` keeps what it holds.",
        )
    )
    entries.append(
        entry("**kwargs", "`casting`, `order`, `dtype`, `subok`, as for every NumPy ufunc.")
    )
    return section("Parameters", "\n".join(entries))


def _returns(function: Function) -> str:
    shape = "The shape of the broadcast operands, and their common float dtype."
    return section("Returns", entry("ndarray or scalar", shape))


def _raises(function: Function, kind: Kind) -> str:
    entries = [
        entry(
            "TypeError",
            "For a dtype that no loop takes: complex, longdouble, object, dates and strings.",
        )
    ]
    if function.parameters:
        refused = "For a parameter, given as a Python number, out of its bounds"
        refused += "." if kind == "value" else ", and for another wrt."
        entries.append(entry("ValueError", refused))
    return section("Raises", "\n".join(entries))


def _bound(bound: float) -> str:
    if bound == 0.0:
        return "exact"
    return "correctly rounded" if bound == 0.5 else f"at most {bound:g} ulp"


def bounds_in_words(function: Function, kind: Kind) -> str:
    """Put the error bounds in words, dtypes with the same bound together.

    Parameters
    ----------
    function : Function
        A record of the catalogue.
    kind : {"value", "grad", "backward"}
        Which of the three.

    Returns
    -------
    str
        The bounds, without a full stop.

    Examples
    --------
    >>> from ogive import catalog, docstrings
    >>> docstrings.bounds_in_words(catalog.get("relu"), "value")
    'float16, bfloat16, float32, float64: exact'
    """
    groups: dict[str, list[str]] = {}
    for dtype in DTYPES:
        groups.setdefault(_bound(function.error_bound[kind, dtype]), []).append(dtype)
    told = "; ".join(f"{', '.join(dtypes)}: {words}" for words, dtypes in groups.items())
    if ("value" if kind == "value" else "grad") in function.cancels:
        told += " (next to a zero, where terms cancel, in ulp of the size of the terms)"
    return told


def _error(function: Function, kind: Kind) -> str:
    return (
        "Error, over the whole range, both tails and subnormal results included:"
        f" {bounds_in_words(function, kind)}."
    )


def _notes(function: Function, kind: Kind) -> str:
    paragraphs = [_formula(function, kind), wrap(_error(function, kind))]
    if kind == "value":
        low, high = function.limits
        told = [
            f"{value:g} at {end}"
            for end, value in (("-inf", low), ("+inf", high))
            if value is not None
        ]
        if told:
            paragraphs.append(
                wrap(f"Limits: {' and '.join(told)}. NaN gives NaN; no warning is raised.")
            )
        if function.elsewhere:
            names = "; ".join(f"{library}: {name}" for library, name in function.elsewhere.items())
            paragraphs.append(wrap(f"Elsewhere: {names}."))
    paragraphs.append(wrap(f"Source: {function.source}"))
    return section("Notes", "\n\n".join(paragraphs))


def _examples(function: Function, kind: Kind) -> str:
    example = function.example
    first = "[1.0, 10.0, 100.0], " if kind == "backward" else ""
    result = {"value": example.value, "grad": example.grad, "backward": example.backward}[kind]
    call = f"{QUALIFIER[kind]}.{function.name}({first}{example.at})"
    return section("Examples", f">>> import ogive\n>>> {call}\n{result}")


def docstring(function: Function, kind: Kind) -> str:
    """Return the docstring of a function, of its derivative or of the backward pass.

    Parameters
    ----------
    function : Function
        A record of the catalogue.
    kind : {"value", "grad", "backward"}
        Which of the three.

    Returns
    -------
    str
        numpydoc text, from the summary to a runnable example.

    Examples
    --------
    >>> from ogive import catalog, docstrings
    >>> docstrings.docstring(catalog.get("tanh"), "grad").splitlines()[0]
    'The derivative of `ogive.tanh`.'
    """
    parts = [
        _summary(function, kind),
        _parameters(function, kind),
        _returns(function),
        _raises(function, kind),
        _notes(function, kind),
        _examples(function, kind),
    ]
    return "\n\n".join(parts) + "\n"
