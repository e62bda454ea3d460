"""The truth of the logistic family: plain definitions in mpmath, and where to measure them."""

from __future__ import annotations

from collections.abc import Callable
from math import log

from mpmath import mp, mpf


def _sigmoid(x: mpf) -> mpf:
    return 1 / (1 + mp.exp(-x))


def _logit(p: mpf) -> mpf:
    if not 0 <= p <= 1:
        return mp.nan
    if p in (0, 1):
        return mp.inf if p else -mp.inf
    return mp.log(p / (1 - p))


def _grad_logit(p: mpf) -> mpf:
    if not 0 <= p <= 1:
        return mp.nan
    return 1 / (p * (1 - p)) if p * (1 - p) else mp.inf


def _odds(p: mpf) -> mpf:
    if not 0 <= p <= 1:
        return mp.nan
    return p / (1 - p) if p != 1 else mp.inf


def _grad_odds(p: mpf) -> mpf:
    if not 0 <= p <= 1:
        return mp.nan
    return 1 / (1 - p) ** 2 if p != 1 else mp.inf


def _log1mexp(x: mpf) -> mpf:
    if x < 0:
        return mp.nan
    if x == 0:
        return -mp.inf
    # Neither 1 - exp(-x) next to 0 nor next to 1 needs more digits than there are.
    return mp.log1p(-mp.exp(-x)) if x > 1 else mp.log(-mp.expm1(-x))


def _grad_log1mexp(x: mpf) -> mpf:
    if x < 0:
        return mp.nan
    return 1 / mp.expm1(x) if x else mp.inf


def _softplus(x: mpf, beta: mpf) -> mpf:
    z = beta * x
    return (max(z, mpf(0)) + mp.log1p(mp.exp(-abs(z)))) / beta


def _grad_softplus_beta(x: mpf, beta: mpf) -> mpf:
    # The entropy of a coin, -p log(p) - q log(q) with p = sigmoid(z): all of its terms positive.
    z = beta * x
    one = mpf(1)
    return -(_sigmoid(z) * _softplus(-z, one) + _sigmoid(-z) * _softplus(z, one)) / beta**2


def _squareplus(x: mpf, b: mpf) -> mpf:
    root = mp.sqrt(x * x + b)
    # (root + x) (root - x) = b, where x and the root cancel.
    return (x + root) / 2 if x >= 0 else b / (root - x) / 2


def _grad_squareplus(x: mpf, b: mpf) -> mpf:
    root = mp.sqrt(x * x + b)
    return (1 + x / root) / 2 if x >= 0 else b / (root - x) / root / 2


VALUE: dict[str, Callable[..., mpf]] = {
    "sigmoid": _sigmoid,
    "logit": _logit,
    "odds": _odds,
    "log_sigmoid": lambda x: -_softplus(-x, mpf(1)),
    "log1mexp": _log1mexp,
    "tanh": mp.tanh,
    "softsign": lambda x: x / (1 + abs(x)),
    "softplus": _softplus,
    "squareplus": _squareplus,
    "hard_sigmoid": lambda x: min(max((x + 3) / 6, mpf(0)), mpf(1)),
    "hard_tanh": lambda x, low, high: min(max(x, low), high),
}

GRAD: dict[str, Callable[..., mpf]] = {
    "sigmoid": lambda x: _sigmoid(x) * _sigmoid(-x),
    "logit": _grad_logit,
    "odds": _grad_odds,
    "log_sigmoid": lambda x: _sigmoid(-x),
    "log1mexp": _grad_log1mexp,
    "tanh": lambda x: mp.sech(x) ** 2,
    "softsign": lambda x: 1 / (1 + abs(x)) ** 2,
    "softplus": lambda x, beta: _sigmoid(beta * x),
    "squareplus": _grad_squareplus,
    "hard_sigmoid": lambda x: mpf(-3 < x < 3) / 6,
    "hard_tanh": lambda x, low, high: mpf(low < x < high),
}

PARAMETER_GRAD: dict[tuple[str, str], Callable[..., mpf]] = {
    ("softplus", "beta"): _grad_softplus_beta,
    ("squareplus", "b"): lambda x, b: 1 / (4 * mp.sqrt(x * x + b)),
}

DOMAIN = {"logit": (0.0, 1.0), "odds": (0.0, 1.0), "log1mexp": (0.0, float("inf"))}

PARAMETERS: dict[str, tuple[tuple[tuple[float, ...], tuple[float, float]], ...]] = {
    "softplus": (((1.0, 0.5, 3.0, 20.0), (1e-3, 1e3)),),
    "squareplus": (((4.0, 1.0, 0.25, 16.0), (1e-3, 1e3)),),
    "hard_tanh": (
        ((-1.0, -2.0, -0.5), (-8.0, -0.125)),
        ((1.0, 6.0, 0.5), (0.125, 8.0)),
    ),
}

ZERO_CROSSINGS: dict[str, tuple[float, ...]] = {}

VALUE_ZEROS: dict[str, tuple[float, ...]] = {"logit": (0.5,)}

KINKS: dict[str, tuple[float, ...]] = {
    "logit": (0.25,),
    "log1mexp": (log(2.0),),
    "softsign": (-1.0, 1.0),
    "squareplus": (-2.0, 2.0),
    "hard_sigmoid": (-3.0, 3.0),
    "hard_tanh": (-1.0, 1.0),
}
