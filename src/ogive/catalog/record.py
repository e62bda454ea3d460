"""The shape of a catalogue record: what is known of one function, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from types import MappingProxyType
from typing import Literal

Kind = Literal["value", "grad", "backward"]
"""The three things computed of each function."""

KINDS: tuple[Kind, ...] = ("value", "grad", "backward")
DTYPES: tuple[str, ...] = ("float16", "bfloat16", "float32", "float64")

ErrorBound = Mapping[tuple[Kind, str], float]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a function: an operand with a default.

    Attributes
    ----------
    name : str
        The keyword under which it is passed.
    default : float
        The value used when it is not given.
    lower, upper : float
        The bounds; infinite where there is none.
    summary : str
        What it does, in a few words.
    lower_included : bool
        Whether `lower` itself is allowed.
    derivative_formula : str
        The derivative of the function with respect to it, in plain text, for people; empty for
        a parameter that is chosen and not learned.

    Examples
    --------
    >>> from ogive import catalog
    >>> catalog.get("softplus").parameters[0].default
    1.0
    """

    name: str
    default: float
    lower: float
    upper: float
    summary: str
    lower_included: bool = True
    derivative_formula: str = ""

    @property
    def learned(self) -> bool:
        """Whether the derivative with respect to it exists, so that it can be learned.

        Examples
        --------
        >>> from ogive import catalog
        >>> catalog.get("softplus").parameters[0].learned
        True
        """
        return bool(self.derivative_formula)

    def allows(self, value: float) -> bool:
        """Tell whether a scalar is finite and within the bounds.

        Parameters
        ----------
        value : float
            The value to look at.

        Returns
        -------
        bool
            False for NaN, for infinities and for what lies outside the bounds.

        Examples
        --------
        >>> from ogive import catalog
        >>> catalog.get("softplus").parameters[0].allows(0.0)
        False
        """
        above = self.lower <= value if self.lower_included else self.lower < value
        return above and value <= self.upper and -inf < value < inf

    @property
    def condition(self) -> str:
        """What a value must be, in words.

        Examples
        --------
        >>> from ogive import catalog
        >>> catalog.get("softplus").parameters[0].condition
        'a finite number greater than 0'
        """
        words = "a finite number"
        if self.lower > -inf:
            words += f" {'at least' if self.lower_included else 'greater than'} {self.lower:g}"
        if self.upper < inf:
            words += f"{' and' if self.lower > -inf else ''} at most {self.upper:g}"
        return words


@dataclass(frozen=True)
class Example:
    """One evaluation at three points, as NumPy prints it: docstrings show it, a test runs it.

    Attributes
    ----------
    at : str
        The arguments, as they are written.
    value, grad, backward : str
        What NumPy prints for the function, for its derivative, and for the derivative times
        the grad_output ``[1.0, 10.0, 100.0]``.

    Examples
    --------
    >>> from ogive import catalog
    >>> catalog.get("relu").example.value
    'array([0., 0., 2.])'
    """

    at: str
    value: str
    grad: str
    backward: str


@dataclass(frozen=True)
class Function:
    """What is known of one function.

    Attributes
    ----------
    name : str
        Its name in Ogive.
    summary : str
        One sentence.
    formula, derivative_formula : str
        Plain text, for people.
    domain, range : tuple of float
        Lowest and highest argument, infimum and supremum of the values (at default parameters).
    limits : tuple of float or None
        The value at -inf and at +inf; None where that is outside the domain.
    parameters : tuple of Parameter
        In the order in which they follow the argument.
    saturates : tuple of str
        The ends, "-inf" and "+inf", at which the derivative tends to 0.
    max_derivative : float
        The supremum of the absolute derivative, at default parameters.
    monotonic, odd, zero_centred, self_gated, smooth : bool
        Monotonic: never decreasing. Odd: f(-x) = -f(x). Zero-centred: the mean output is 0 for
        an argument spread symmetrically about the centre of the domain. Self-gated: defined as
        the argument times a gate that rises from 0 to 1. Smooth: infinitely often differentiable
        on the domain. All at default parameters.
    source : str
        Where the formula comes from.
    initializer : str
        The initialisation of the weights before it: "xavier_uniform" or "kaiming_normal".
    gain : float
        The gain of that initialisation, at default parameters.
    initializer_reason : str
        Why this one, with its source.
    gain_at : callable or None
        The gain as a function of the parameters, where it depends on them.
    example : Example
        An evaluation for the docstrings.
    aliases : tuple of str
        Other names by which `ogive.catalog.get` finds it.
    elsewhere : mapping of str to str
        Library to name, with the default where it differs.
    error_bound : mapping of (kind, dtype) to float
        The largest error in units in the last place (ulp) of the exact result. A bound of 0.5
        says that results are correctly rounded.
    cancels : tuple of str
        Which of "value", "grad" and the parameters learned have zeros, next to which terms cancel
        that depend on the parameters: their bounds are in ulp of the size of the terms (the sum of
        their magnitudes), or of the result where that is larger.

    Examples
    --------
    >>> from ogive import catalog
    >>> catalog.get("sigmoid").max_derivative
    0.25
    """

    name: str
    summary: str
    formula: str
    derivative_formula: str
    domain: tuple[float, float]
    range: tuple[float, float]
    limits: tuple[float | None, float | None]
    saturates: tuple[str, ...]
    max_derivative: float
    monotonic: bool
    odd: bool
    zero_centred: bool
    self_gated: bool
    smooth: bool
    source: str
    initializer: str
    gain: float
    initializer_reason: str
    example: Example
    error_bound: ErrorBound
    parameters: tuple[Parameter, ...] = ()
    gain_at: Callable[..., float] | None = None
    aliases: tuple[str, ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    cancels: tuple[str, ...] = ()

    def defaults(self) -> dict[str, float]:
        """Return the default of every parameter.

        Returns
        -------
        dict of str to float
            By name, in order; empty for a function without parameters.

        Examples
        --------
        >>> from ogive import catalog
        >>> catalog.get("leaky_relu").defaults()
        {'negative_slope': 0.01}
        """
        return {parameter.name: parameter.default for parameter in self.parameters}

    def gain_for(self, **parameters: float) -> float:
        """Return the gain of the initialiser for given parameters.

        Parameters
        ----------
        **parameters : float
            Parameters that differ from their defaults.

        Returns
        -------
        float
            The factor on the standard deviation of the weights.

        Raises
        ------
        TypeError
            If the function has no parameter of that name.

        Examples
        --------
        >>> from ogive import catalog
        >>> catalog.get("leaky_relu").gain_for(negative_slope=1.0)
        1.0
        """
        defaults = self.defaults()
        for name in parameters:
            if name not in defaults:
                known = ", ".join(defaults) or "none"
                raise TypeError(f"{self.name} has no parameter {name!r}; it has: {known}")
        return self.gain if self.gain_at is None else self.gain_at(**(defaults | parameters))


def error_bounds(
    *,
    value: float = 1.0,
    grad: float = 1.0,
    backward: float = 1.0,
    single: float = 1.0,
    half: float = 0.5,
) -> ErrorBound:
    """Bounds in ulp: by kind for float64, at most `single` for float32, `half` for 16 bits."""
    double = {"value": value, "grad": grad, "backward": backward}
    bounds: dict[tuple[Kind, str], float] = {}
    for kind in KINDS:
        bounds[kind, "float16"] = bounds[kind, "bfloat16"] = half
        bounds[kind, "float32"] = min(single, double[kind])
        bounds[kind, "float64"] = double[kind]
    return MappingProxyType(bounds)
