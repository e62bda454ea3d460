"""Docstrings of the functions: what the source says, and what the catalogue knows."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from math import inf
from typing import Literal, TypeVar

from ogive import catalog
from ogive.docstrings import bounds_in_words
from ogive.numpydoc import capitalised, entry, section, wrap

Integers = Literal["refused", "promoted", "kept"]
"""What a function does with integers."""

_F = TypeVar("_F", bound=Callable[..., object])

_INTEGERS: dict[Integers, str] = {
    "refused": "",
    "promoted": "; integers become the default dtype",
    "kept": "; integers stay integers",
}
_SECTIONS = ("Parameters", "Returns", "Raises", "Notes", "Examples")
_HEADER = re.compile(rf"^({'|'.join(_SECTIONS)})\n-+\n", re.MULTILINE)
_ENTRY = re.compile(r"^(?=\S)", re.MULTILINE)


def documented(name: str, *, integers: Integers = "refused", **renamed: str) -> Callable[[_F], _F]:
    """Complete the docstring of a function of the catalogue.

    The source holds the summary, what is special, and an example; the parameters, the result, the
    exceptions, the formula, the error bound and the source of the formula follow from the
    signature and the record. What the source has of a section is kept: its entries for parameters
    in place of the generated ones, other sections ahead of what is generated.

    Parameters
    ----------
    name : str
        The function's name in the catalogue.
    integers : {"refused", "promoted", "kept"}, optional
        What the function does with tensors of integers.
    **renamed : str
        Arguments whose name is not the parameter's in the catalogue, and that name.

    Returns
    -------
    callable
        A decorator, which returns the function itself.

    Examples
    --------
    >>> from ogive.torch.functional.documented import documented
    >>> @documented("tanh")
    ... def tanh(input):
    ...     "Apply the hyperbolic tangent."
    >>> "float16, bfloat16, float32 or float64" in tanh.__doc__
    True
    """
    record = catalog.get(name)

    def document(function: _F) -> _F:
        top, *parts = _HEADER.split(inspect.cleandoc(function.__doc__ or ""))
        said = dict(zip(parts[::2], parts[1::2], strict=True))
        arguments = inspect.signature(function).parameters
        generated = {
            "Parameters": _parameters(
                record, arguments, integers, renamed, said.pop("Parameters", "")
            ),
            "Returns": _returns(arguments),
            "Raises": _raises(record),
            "Notes": _notes(record),
        }
        sections = [top.strip()]
        for title in _SECTIONS:
            between = "\n\n" if title == "Notes" else "\n"
            body = between.join(filter(None, (said.get(title, "").strip(), generated.get(title))))
            sections.append(section(title, body))
        function.__doc__ = "\n\n".join(sections) + "\n"
        return function

    return document


def _parameters(
    record: catalog.Function,
    arguments: Mapping[str, inspect.Parameter],
    integers: Integers,
    renamed: dict[str, str],
    said: str,
) -> str:
    """Write an entry for every argument, in order; `said` are the entries of the source."""
    own: dict[str, str] = {}
    for text in filter(None, map(str.strip, _ENTRY.split(said))):
        first, *others = text.partition(" : ")[0].split(", ")
        own |= {first: text, **dict.fromkeys(others, "")}
    known = {parameter.name: parameter for parameter in record.parameters}
    entries = []
    for name, argument in arguments.items():
        optional = "" if argument.default is argument.empty else ", optional"
        parameter = known.get(renamed.get(name, name))
        if name in own:
            entries.append(own[name])
        elif name == "input":
            entries.append(_input(record, integers))
        elif name == "inplace":
            entries.append(entry("inplace : bool, optional", "Whether to overwrite `input`."))
        elif parameter is not None:
            kind = "float or torch.Tensor" if parameter.learned else "float"
            text = f"{capitalised(parameter.summary)}; {parameter.condition}."
            entries.append(entry(f"{name} : {kind}{optional}", text))
        else:
            raise ValueError(f"{record.name}: nothing is said of the argument {name}")
    return "\n".join(filter(None, entries))


def _input(record: catalog.Function, integers: Integers) -> str:
    text = (
        "Of any shape and memory format; float16, bfloat16, float32 or float64"
        f"{_INTEGERS[integers]}."
    )
    low, high = record.domain
    if (low, high) != (-inf, inf):
        text += f" The function is NaN outside [{low:g}, {high:g}]."
    return entry("input : torch.Tensor", text)


def _returns(arguments: Mapping[str, inspect.Parameter]) -> str:
    text = "Of the shape, dtype and memory format of `input`"
    text += ", and `input` itself if `inplace`." if "inplace" in arguments else "."
    return entry("torch.Tensor", text)


def _raises(record: catalog.Function) -> str:
    refused = "If `input` is not a tensor of such a dtype"
    learned = any(parameter.learned for parameter in record.parameters)
    if record.parameters:
        refused += ", or a parameter "
        refused += "neither a number nor a tensor of floats" if learned else "not a number"
    entries = [entry("TypeError", refused + ".")]
    if record.parameters:
        out = "If a parameter, given as a number, is out of its bounds"
        if learned:
            out += ", or, given as a tensor, does not broadcast against `input`"
        entries.append(entry("ValueError", out + "."))
    return "\n".join(entries)


def _notes(record: catalog.Function) -> str:
    paragraphs = [f"f(x) = {record.formula}", f"f'(x) = {record.derivative_formula}"]
    if any(parameter.learned for parameter in record.parameters):
        paragraphs.append(
            "A parameter given as a tensor gets its gradient, summed to its shape, of half types in"
            " float32. It is not held against the bounds."
        )
    paragraphs.append(
        "Error on the CPU, over the whole range, both tails and subnormal results included, of the"
        f" value: {bounds_in_words(record, 'value')}. Of the gradient:"
        f" {bounds_in_words(record, 'backward')}. Elsewhere, compiled, and where a gradient is"
        " differentiated again: that of a few rounded operations."
    )
    paragraphs.append(f"Source: {record.source}")
    return "\n\n".join(map(wrap, paragraphs))
