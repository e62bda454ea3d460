"""The public functions: the native ufuncs, documented, with defaults for their parameters.

A function without parameters *is* its native ufunc. One with parameters is a thin function that
fills in what the caller left out and hands everything else to the ufunc, its attribute `ufunc`.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter as Argument
from inspect import Signature
from typing import Any

from ogive import _core
from ogive.catalog import CATALOG, Function, Kind, Parameter
from ogive.docstrings import QUALIFIER, call_form, docstring

_PREFIX: dict[Kind, str] = {"value": "", "grad": "grad_", "backward": "backward_"}

# What a ufunc of one output takes beside its operands, in NumPy's own words.
_UFUNC_KEYWORDS: dict[str, Any] = {
    "out": None,
    "where": True,
    "casting": "same_kind",
    "order": "K",
    "dtype": None,
    "subok": True,
}


def native(kind: Kind, name: str) -> Callable[..., Any]:
    """Return the native ufunc of a function, all of its operands required.

    Parameters
    ----------
    kind : {"value", "grad", "backward"}
        Which of the three.
    name : str
        A name in the catalogue.

    Returns
    -------
    numpy.ufunc
        The ufunc of the native module.

    Examples
    --------
    >>> from ogive.parametric import native
    >>> native("backward", "elu").nin
    3
    """
    ufunc: Callable[..., Any] = getattr(_core, _PREFIX[kind] + name)
    return ufunc


def public(kind: Kind) -> dict[str, Callable[..., Any]]:
    """Return every function of one kind, documented, in the order of the catalogue.

    Parameters
    ----------
    kind : {"value", "grad", "backward"}
        Which of the three.

    Returns
    -------
    dict of str to callable
        The ufunc itself where there are no parameters.

    Examples
    --------
    >>> from ogive.parametric import public
    >>> public("value")["leaky_relu"](-1.0)
    np.float64(-0.01)
    """
    return {name: _public(kind, function) for name, function in CATALOG.items()}


def _public(kind: Kind, function: Function) -> Callable[..., Any]:
    ufunc = native(kind, function.name)
    text = docstring(function, kind)
    _core.document(ufunc, text)
    if not function.parameters:
        return ufunc
    result = _with_defaults(ufunc, kind, function)
    result.__doc__ = text
    return result


def _with_defaults(ufunc: Any, kind: Kind, function: Function) -> Callable[..., Any]:
    """Make a function that calls `ufunc` with the parameters' defaults filled in."""
    parameters = function.parameters
    form = f"{QUALIFIER[kind]}.{call_form(function, kind)}"
    required = 2 if kind == "backward" else 1
    total = required + len(parameters)

    def call(*operands: Any, **keywords: Any) -> Any:
        given = len(operands)
        if not required <= given <= total:
            raise TypeError(
                f"{form} takes {required} to {total} positional arguments, not {given}"
                + ("; pass out= by keyword" if given > total else "")
            )
        for parameter in parameters[given - required :]:
            operands += (keywords.pop(parameter.name, parameter.default),)
        for parameter, value in zip(parameters, operands[required:], strict=True):
            # Python numbers only, numpy.float64 among them: an array would cost a pass.
            if isinstance(value, (float, int)) and not parameter.allows(value):
                raise ValueError(f"{parameter.name} must be {parameter.condition}, not {value!r}")
        repeated = [parameter.name for parameter in parameters if parameter.name in keywords]
        if repeated:
            raise TypeError(f"{form} got {repeated[0]!r} twice: by position and by keyword")
        return ufunc(*operands, **keywords)

    call.__name__ = function.name
    call.__qualname__ = function.name
    call.__module__ = QUALIFIER[kind]
    vars(call).update(ufunc=ufunc, __signature__=_signature(kind, parameters))
    return call


def _signature(kind: Kind, parameters: tuple[Parameter, ...]) -> Signature:
    """Describe the call for `inspect.signature`: operands, defaults, a ufunc's keywords."""
    names = ("grad_output", "x") if kind == "backward" else ("x",)
    arguments = [Argument(name, Argument.POSITIONAL_ONLY) for name in names]
    arguments += [
        Argument(parameter.name, Argument.POSITIONAL_OR_KEYWORD, default=parameter.default)
        for parameter in parameters
    ]
    arguments += [
        Argument(name, Argument.KEYWORD_ONLY, default=default)
        for name, default in _UFUNC_KEYWORDS.items()
    ]
    return Signature(arguments)
