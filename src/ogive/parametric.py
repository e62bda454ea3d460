"""The public functions: the native ufuncs, documented, with defaults for their parameters.

A function without parameters *is* its native ufunc. One with parameters is a `ParametricFunction`,
which fills in what the caller left out; its attribute `ufunc` is the ufunc behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter as Argument
from inspect import Signature
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from ogive import _core
from ogive.catalog import CATALOG, Function, Kind
from ogive.docstrings import QUALIFIER, call_form, docstring

_PREFIX: dict[Kind, str] = {"value": "", "grad": "grad_", "backward": "backward_"}
_OPERANDS: dict[Kind, tuple[str, ...]] = {
    "value": ("x",),
    "grad": ("x",),
    "backward": ("grad_output", "x"),
}

# What a ufunc of one output takes beside its operands, in NumPy's own words.
_UFUNC_KEYWORDS: dict[str, Any] = {
    "out": None,
    "where": True,
    "casting": "same_kind",
    "order": "K",
    "dtype": None,
    "subok": True,
}


class ParametricFunction(_core.ParametricCall):
    """A function with parameters: it fills in the defaults and calls its ufunc.

    Parameters
    ----------
    kind : {"value", "grad", "backward"}
        Which of the three.
    record : Function
        The function's record in the catalogue.

    Attributes
    ----------
    ufunc : numpy.ufunc
        The native ufunc that computes it; all of its operands are required, and it alone has
        `reduce`, `outer`, `at` and the like.
    ufuncs : mapping of str to numpy.ufunc
        For a derivative, the ufunc for each value of `wrt`; empty for a function itself.
    nin, nout : int
        The number of operands, the parameters among them, and of results: those of `ufunc`.

    Notes
    -----
    The operands are positional, the parameters positional or keywords; every keyword of a ufunc is
    taken. A parameter given as a Python number takes on the dtype of the other operands and is held
    against its bounds; an array broadcasts and is not. Objects with ``__array_ufunc__`` receive
    `ufunc` and all operands. Copies and pickles are references.

    Examples
    --------
    >>> import numpy as np, ogive
    >>> x = np.array([-2.0, 0.5])
    >>> ogive.leaky_relu(x)
    array([-0.02,  0.5 ])
    >>> ogive.leaky_relu(x, 0.5, out=x)
    array([-1. ,  0.5])
    >>> ogive.leaky_relu
    <function ogive.leaky_relu(x, negative_slope=0.01)>
    """

    ufunc: np.ufunc
    ufuncs: Mapping[str, np.ufunc]
    nin: int
    nout: int
    __name__: str
    __qualname__: str
    __signature__: Signature
    _form: str

    def __new__(cls, kind: Kind, record: Function) -> Self:
        """Describe the call to the native type."""
        by = ["x", *(parameter.name for parameter in record.parameters if parameter.learned)]
        wrt = () if kind == "value" else tuple(by)
        ufuncs = tuple(native(kind, record.name, name) for name in wrt or ("x",))
        form = f"{QUALIFIER[kind]}.{call_form(record, kind)}"
        self = super().__new__(
            cls,
            form,
            len(_OPERANDS[kind]),
            tuple(
                (p.name, float(p.default), p.lower, p.upper, p.lower_included, p.condition)
                for p in record.parameters
            ),
            ufuncs,
            wrt,
            " or ".join(map(repr, wrt)),
        )
        self.__name__ = self.__qualname__ = record.name
        self.__module__ = QUALIFIER[kind]
        self.__signature__ = _signature(kind, record)
        self.ufunc = ufuncs[0]
        self.nin, self.nout = self.ufunc.nin, self.ufunc.nout
        self.ufuncs = MappingProxyType(dict(zip(wrt, ufuncs, strict=bool(wrt))))
        self._form = form
        return self

    def __repr__(self) -> str:
        return f"<function {self._form}>"

    def __reduce__(self) -> str:
        # By reference: what is found in the module under this name.
        return self.__qualname__


def native(kind: Kind, name: str, wrt: str = "x") -> np.ufunc:
    """Return the native ufunc of a function, all of its operands required.

    Parameters
    ----------
    kind : {"value", "grad", "backward"}
        Which of the three.
    name : str
        A name in the catalogue.
    wrt : str, optional
        For a derivative, what it is taken with respect to: "x", the default, or the name of a
        learned parameter.

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
    ufunc: np.ufunc = getattr(_core, _PREFIX[kind] + name + ("" if wrt == "x" else f"_{wrt}"))
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
    return {name: _public(kind, record) for name, record in CATALOG.items()}


def _public(kind: Kind, record: Function) -> Callable[..., Any]:
    text = docstring(record, kind)
    if not record.parameters:
        ufunc = native(kind, record.name)
        _core.document(ufunc, text)
        return ufunc
    function = ParametricFunction(kind, record)
    function.__doc__ = text
    for ufunc in function.ufuncs.values() or (function.ufunc,):
        _core.document(ufunc, text)
    return function


def _signature(kind: Kind, record: Function) -> Signature:
    """Describe the call for `inspect.signature`: operands, defaults, a ufunc's keywords."""
    arguments = [Argument(name, Argument.POSITIONAL_ONLY) for name in _OPERANDS[kind]]
    arguments += [
        Argument(parameter.name, Argument.POSITIONAL_OR_KEYWORD, default=parameter.default)
        for parameter in record.parameters
    ]
    keywords = _UFUNC_KEYWORDS if kind == "value" else {"wrt": "x", **_UFUNC_KEYWORDS}
    arguments += [
        Argument(name, Argument.KEYWORD_ONLY, default=default) for name, default in keywords.items()
    ]
    return Signature(arguments)
