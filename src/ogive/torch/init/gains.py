"""Gains: what keeps the signal, what keeps the gradient, and how stable that is."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isclose, sqrt
from typing import Literal

from ogive.catalog.gain import moments
from ogive.torch.init.nonlinearity import LINEAR, Found, Nonlinearity, check_number, resolve

__all__ = ["MeanField", "calculate_gain", "mean_field"]

GainMode = Literal["signal", "gradient", "catalogue"]
_MODES = ("signal", "gradient", "catalogue")

_PARAM_IGNORED = LINEAR | {"sigmoid", "tanh", "relu", "selu"}
"""Where torch's calculate_gain takes a `param` and does nothing with it."""


def calculate_gain(
    nonlinearity: Nonlinearity,
    param: float | None = None,
    *,
    mode: GainMode = "signal",
    **parameters: float,
) -> float:
    """Compute the gain of the weights before a nonlinearity.

    Parameters
    ----------
    nonlinearity : str, ogive.catalog.Function or torch.nn.Module
        A function of the catalogue: its name, an alias, torch's name of it, its record, or a
        module, with the module's parameters. "linear" and torch's names of convolutions: gain 1.
    param : float, optional
        The parameter of a function that has one, as in torch: ``calculate_gain("leaky_relu",
        0.2)``. Ignored, as by torch, for "linear", convolutions, "sigmoid", "tanh", "relu" and
        "selu".
    mode : {"signal", "gradient", "catalogue"}, optional
        "signal": 1 / sqrt(E[f(z)²]). "gradient": 1 / sqrt(E[f'(z)²]). "catalogue": the gain that
        the record names, which for a few functions is a convention, with its reason.
    **parameters : float
        Parameters by name: ``calculate_gain("hard_tanh", min=-2.0, max=2.0)``.

    Returns
    -------
    float
        The factor on the standard deviation of the weights, to about 14 digits; the catalogue's
        own number where that is the computed one, so that it is torch's to the last bit for
        "relu", "leaky_relu" and "linear".

    Raises
    ------
    TypeError
        If the nonlinearity is of none of these types, or has no such parameter, or a parameter is
        no number.
    ValueError
        If the nonlinearity or mode is unknown, a parameter out of its bounds, or `param` given to
        a function that has not exactly one; if the function is not defined on the whole line
        (logit, odds, log1mexp) and the mode is not "catalogue"; if its moment is 0 or infinite.

    Notes
    -----
    Weights of variance gain² / fan_in before f, whose inputs have the second moment 1, give f an
    argument that is nearly normal, by the central limit theorem, of mean 0 and variance gain² q
    with q = E[f(z)²], z standard normal. The next layer sees the same if gain² E[f(z)²] = 1: then
    the variance 1 of the arguments is a fixed point from layer to layer. Backwards, weights of
    variance gain² / fan_out multiply the second moment of the gradient by gain² E[f'(z)²], which
    asks for the other gain. These are the two conditions of He et al. (2015), who found both to
    be 2 for ReLU; they agree for all functions of two straight lines through 0, and for no other
    of the catalogue. Whether the fixed point is stable is told by `mean_field`.

    torch's own numbers for "tanh" (5/3), "selu" (3/4) and "sigmoid" (1) are conventions and not
    computed; these differ here.

    Source: K. He, X. Zhang, S. Ren, J. Sun (2015), Delving deep into rectifiers, ICCV; for any
    activation: G. Bingham, R. Miikkulainen (2023), AutoInit, AAAI.

    Examples
    --------
    >>> from ogive.torch import init
    >>> round(init.calculate_gain("leaky_relu", 0.2), 4)
    1.3868
    >>> [round(init.calculate_gain("gelu", mode=mode), 4) for mode in ("signal", "gradient")]
    [1.5335, 1.4811]
    """
    if mode not in _MODES:
        raise ValueError(f"mode is one of {', '.join(_MODES)}, not {mode!r}")
    found = _with_param(nonlinearity, param, parameters)
    if found is None:
        return 1.0
    record, values = found
    conventional = record.gain_for(**values)
    if mode == "catalogue":
        return conventional
    of = moments(record, **values)
    moment = of.second if mode == "signal" else of.derivative
    if not 0.0 < moment < inf:
        letter = "f" if mode == "signal" else "f'"
        raise ValueError(f"{record.name} has no gain at {values}: E[{letter}(z)²] is {moment}")
    computed = 1.0 / sqrt(moment)
    # A closed form has a few bits more than the quadrature, and is what torch rounds.
    return conventional if isclose(conventional, computed, rel_tol=1e-13) else computed


def _with_param(
    nonlinearity: Nonlinearity, param: float | None, parameters: dict[str, float]
) -> Found | None:
    """Resolve a nonlinearity whose one parameter may be given by its place."""
    if param is None or (isinstance(nonlinearity, str) and nonlinearity in _PARAM_IGNORED):
        return resolve(nonlinearity, **parameters)
    found = resolve(nonlinearity, **parameters)
    name = type(nonlinearity).__name__ if found is None else found[0].name
    own = () if found is None else found[0].parameters
    if len(own) != 1 or parameters:
        kinds = ", ".join(parameter.name for parameter in own) or "none"
        raise ValueError(
            f"param is for a function of one parameter, given in no other way, not for {name} "
            f"with {kinds}: {param!r}"
        )
    return resolve(nonlinearity, **{own[0].name: param})


@dataclass(frozen=True)
class MeanField:
    """How a layer and its activation carry a signal and a gradient, in the limit of wide layers.

    Attributes
    ----------
    gain : float
        The gain of the weights.
    variance : float
        The variance map V(q) = gain² E[f(sqrt(q) z)²]: the variance of the next layer's arguments
        where those of this one have the variance q.
    variance_slope : float
        V'(q). A deviation of the variance from a fixed point is multiplied by it in every layer.
    gradient : float
        χ₁ = gain² E[f'(sqrt(q) z)²]: what the second moment of the gradient is multiplied by in
        every layer; also the slope, at 1, of the map of the correlation of two inputs.

    Examples
    --------
    >>> from ogive.torch import init
    >>> round(init.mean_field("relu").variance_slope, 12)
    1.0
    """

    gain: float
    variance: float
    variance_slope: float
    gradient: float

    @property
    def stability(self) -> Literal["stable", "neutral", "unstable"]:
        """Whether deviations of the variance die out, stay or grow from layer to layer.

        "neutral" is a slope within 1e-6 of 1: ReLU's, those of all functions of two straight lines
        through 0, and relu6's, whose bound a normal argument hardly ever reaches.

        Examples
        --------
        >>> from ogive.torch import init
        >>> [init.mean_field(name).stability for name in ("tanh", "relu", "silu")]
        ['stable', 'neutral', 'unstable']
        """
        if isclose(self.variance_slope, 1.0, abs_tol=1e-6):
            return "neutral"
        return "stable" if self.variance_slope < 1.0 else "unstable"


def mean_field(
    nonlinearity: Nonlinearity,
    param: float | None = None,
    *,
    gain: float | None = None,
    variance: float = 1.0,
    **parameters: float,
) -> MeanField:
    """Evaluate the variance map of a layer and its activation, its slope, and χ₁.

    Parameters
    ----------
    nonlinearity, param, **parameters
        As for `calculate_gain`.
    gain : float, optional
        The gain of the weights; by default the one that keeps the signal.
    variance : float, optional
        The variance q of the arguments of the activation.

    Returns
    -------
    MeanField
        At the default gain and variance 1, `variance` is 1, a fixed point, and `variance_slope`
        tells whether it is stable.

    Raises
    ------
    TypeError, ValueError
        As `calculate_gain`; also if `gain` or `variance` is not a number above 0.

    Notes
    -----
    V'(q) = gain² E[f(x)² (x² / q - 1)] / (2 q) for x = sqrt(q) z. Biases are 0. Where V(q) / q
    rises with q, as for SiLU and GELU, every fixed point is unstable, whatever the gain: a signal
    that is a little too large is amplified further and further.

    Source: B. Poole, S. Lahiri, M. Raghu, J. Sohl-Dickstein, S. Ganguli (2016), Exponential
    expressivity in deep neural networks through transient chaos, NeurIPS (the variance map);
    S. S. Schoenholz, J. Gilmer, S. Ganguli, J. Sohl-Dickstein (2017), Deep information
    propagation, ICLR (the slopes as depth scales).

    Examples
    --------
    >>> from ogive.torch import init
    >>> round(init.mean_field("silu").variance_slope, 3)
    1.173
    """
    for name, value in (("gain", 1.0 if gain is None else gain), ("variance", variance)):
        if not 0.0 < check_number(name, value) < inf:
            raise ValueError(f"{name} is a finite number above 0, not {value!r}")
    found = _with_param(nonlinearity, param, parameters)
    if found is None:
        chosen = 1.0 if gain is None else float(gain)
        return MeanField(chosen, chosen**2 * variance, chosen**2, chosen**2)
    record, values = found
    chosen = calculate_gain(record, mode="signal", **values) if gain is None else float(gain)
    of = moments(record, float(variance), **values)
    return MeanField(
        chosen, chosen**2 * of.second, chosen**2 * of.growth, chosen**2 * of.derivative
    )
