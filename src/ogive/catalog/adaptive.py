"""Records of the functions made to adapt: their shape is learned, or follows the data."""

from __future__ import annotations

from math import e, inf

import numpy as np

from ogive.catalog.gain import second_moment_gain
from ogive.catalog.record import Example, Function, Parameter, error_bounds
from ogive.formulas.adaptive import abrelu, pau, pdelu, srs, xielu

# Printed by tools/pau_defaults.py.
_PAU_DEFAULTS = {
    "a0": 0.03355816,
    "a1": 0.505,
    "a2": 1.65344536,
    "a3": 2.01002506,
    "a4": 0.93191148,
    "a5": 0.15242607,
    "b1": 0.0,
    "b2": 3.98024765,
    "b3": 0.0,
    "b4": 0.3018338,
}


def _srs_gain(alpha: float, beta: float) -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z; with a pole there is none."""
    if beta >= e * alpha:
        raise ValueError(
            f"srs has a pole, and so no gain, where beta >= e alpha: alpha={alpha!r}, beta={beta!r}"
        )
    return second_moment_gain(lambda z: srs(z, alpha, beta))


def _pdelu_gain(alpha: float, t: float) -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z."""
    vanishing = (-1.0 / (1.0 - t),) if t < 1.0 else ()
    return second_moment_gain(lambda z: pdelu(z, alpha, t), *vanishing)


def _abrelu_gain(threshold: float) -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z."""
    return second_moment_gain(lambda z: abrelu(z, threshold), threshold)


def _pau_gain(**coefficients: float) -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z."""
    roots = np.roots([coefficients[f"b{j}"] for j in (4, 3, 2, 1)])
    kinks = (float(root.real) for root in roots if not root.imag)
    return second_moment_gain(lambda z: pau(z, **coefficients), *kinks)


def _xielu_gain(alpha_p: float, alpha_n: float, beta: float) -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z."""
    return second_moment_gain(lambda z: xielu(z, alpha_p, alpha_n, beta))


def _pau_coefficient(name: str) -> Parameter:
    """Describe one of pau's ten coefficients."""
    power, numerator = name[1], name[0] == "a"
    return Parameter(
        name=name,
        default=_PAU_DEFAULTS[name],
        lower=-inf,
        upper=inf,
        summary=f"coefficient of x^{power} in the {'numerator' if numerator else 'denominator'}",
        derivative_formula=f"x^{power} / (1 + |Q|)"
        if numerator
        else f"-P sign(Q) x^{power} / (1 + |Q|)²",
    )


FUNCTIONS = (
    Function(
        name="srs",
        summary="Soft root sign: a bounded function with a dip below 0.",
        formula="x / (x / alpha + exp(-x / beta))",
        derivative_formula="(1 + x / beta) exp(-x / beta) / (x / alpha + exp(-x / beta))²",
        domain=(-inf, inf),
        range=(-1.4162421447869216, 5.0),
        limits=(-0.0, 5.0),
        parameters=(
            Parameter(
                name="alpha",
                default=5.0,
                lower=0.0,
                upper=inf,
                summary="the limit at +inf",
                lower_included=False,
                derivative_formula="(f(x) / alpha)²",
            ),
            Parameter(
                name="beta",
                default=3.0,
                lower=0.0,
                upper=inf,
                summary="the dip is at -beta; from e alpha upwards there is a pole",
                lower_included=False,
                derivative_formula="-(f(x) / beta)² exp(-x / beta)",
            ),
        ),
        saturates=("-inf", "+inf"),
        max_derivative=1.1373161474600582,
        monotonic=False,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=True,
        source="Y. Zhou, D. Li, S. Huo, S.-Y. Kung (2020), Soft-root-sign activation function,"
        " arXiv 2003.00547; alpha and beta are learned from 5 and 3. For beta >= e alpha the"
        " denominator has zeros below 0.",
        initializer="kaiming_normal",
        gain=_srs_gain(5.0, 3.0),
        gain_at=_srs_gain,
        initializer_reason="No published initialisation is its own. The condition of He et al."
        " (2015), a second moment that stays 1 for a standard normal argument, solved by"
        " quadrature, gives 1.078 for the default parameters.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-1.29221168,  0.        ,  2.18958016])",
            grad="array([0.27102898, 1.        , 1.02560659])",
            backward="array([  0.27102898,  10.        , 102.5606587 ])",
        ),
        error_bound=error_bounds(),
    ),
    Function(
        name="pdelu",
        summary="ELU with a deformed exponential, which reaches -alpha at a finite argument.",
        formula="x if x > 0 else alpha (max(1 + (1 - t) x, 0)^(1 / (1 - t)) - 1)",
        derivative_formula="1 if x > 0 else alpha max(1 + (1 - t) x, 0)^(t / (1 - t))",
        domain=(-inf, inf),
        range=(-1.0, inf),
        limits=(-1.0, inf),
        parameters=(
            Parameter(
                name="alpha",
                default=1.0,
                lower=-inf,
                upper=inf,
                summary="the limit at -inf is -alpha",
                derivative_formula="0 if x > 0 else max(1 + (1 - t) x, 0)^(1 / (1 - t)) - 1",
            ),
            Parameter(
                name="t",
                default=0.9,
                lower=0.0,
                upper=1.0,
                summary="deformation: a straight line at 0, elu in the limit 1",
                derivative_formula="0 if x > 0 or u <= -1 else alpha (1 + u)^(1 / (1 - t))"
                " (log(1 + u) - u / (1 + u)) / (1 - t)² with u = (1 - t) x",
            ),
        ),
        saturates=("-inf",),
        max_derivative=1.0,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=False,
        source="Q. Cheng, H. Li, Q. Wu, L. Ma, K. N. Ngan (2020), Parametric deformable exponential"
        " linear units for deep neural networks, Neural Networks 125. The derivatives at 0 and at"
        " -1 / (1 - t) are the left ones; t = 1 is the limit.",
        initializer="kaiming_normal",
        gain=_pdelu_gain(1.0, 0.9),
        gain_at=_pdelu_gain,
        initializer_reason="The condition of He et al. (2015), a second moment that stays 1 for a"
        " standard normal argument, solved by quadrature as for ELU: 1.237 for the default"
        " parameters, 1.245 for t = 1.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-0.89262582,  0.        ,  2.        ])",
            grad="array([0.13421773, 1.        , 1.        ])",
            backward="array([  0.13421773,  10.        , 100.        ])",
        ),
        error_bound=error_bounds(),
    ),
    Function(
        name="abrelu",
        summary="Average-biased ReLU: what the argument is above a threshold, and 0 below it.",
        formula="max(x - threshold, 0)",
        derivative_formula="1 if x > threshold else 0",
        domain=(-inf, inf),
        range=(0.0, inf),
        limits=(0.0, inf),
        parameters=(
            Parameter(
                name="threshold",
                default=0.0,
                lower=-inf,
                upper=inf,
                summary="what is taken off; the authors take the mean of the whole input",
            ),
        ),
        saturates=("-inf",),
        max_derivative=1.0,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=False,
        source="S. R. Dubey, S. Chakraborty (2018), Average biased ReLU based CNN descriptor for"
        " improved face retrieval, arXiv 1804.02051. The threshold is an operand here: for theirs"
        " pass the mean. The derivative at the threshold is taken as 0.",
        initializer="kaiming_normal",
        gain=_abrelu_gain(0.0),
        gain_at=_abrelu_gain,
        initializer_reason="No published initialisation is its own. The condition of He et al."
        " (2015), a second moment that stays 1 for a standard normal argument, solved by"
        " quadrature; at threshold 0 it is ReLU's sqrt(2).",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([0., 0., 2.])",
            grad="array([0., 0., 1.])",
            backward="array([  0.,   0., 100.])",
        ),
        error_bound=error_bounds(value=0.5, grad=0.0, backward=0.0),
    ),
    Function(
        name="pau",
        summary="Padé activation unit: a quotient of polynomials whose coefficients are learned.",
        formula="P / (1 + |Q|) with P = a0 + a1 x + ... + a5 x⁵, Q = b1 x + ... + b4 x⁴",
        derivative_formula="P' / (1 + |Q|) - P sign(Q) Q' / (1 + |Q|)²",
        domain=(-inf, inf),
        range=(-inf, inf),
        limits=(-inf, inf),
        parameters=tuple(map(_pau_coefficient, _PAU_DEFAULTS)),
        saturates=(),
        max_derivative=1.0692304192533282,
        monotonic=False,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=True,
        source="A. Molina, P. Schramowski, K. Kersting (2020), Padé activation units, ICLR,"
        " arXiv 1907.06732; the safe form, whose denominator has no zero. The default coefficients"
        " are a least-squares fit to leaky ReLU of slope 0.01 on [-3, 3], within 0.034 of it and"
        " within 0.0056 in the root mean square; both slopes tend to 0.505 beyond. Where Q is 0 the"
        " derivatives are the left ones.",
        initializer="kaiming_normal",
        gain=_pau_gain(**_PAU_DEFAULTS),
        gain_at=_pau_gain,
        initializer_reason="No published initialisation is its own. The condition of He et al."
        " (2015), a second moment that stays 1 for a standard normal argument, solved by"
        " quadrature, gives 1.4147 for the default coefficients, where leaky ReLU has 1.4141.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-0.01884622,  0.03355816,  2.00115378])",
            grad="array([-0.00448924,  0.505     ,  1.01448925])",
            backward="array([-4.48924209e-03,  5.05000000e+00,  1.01448925e+02])",
        ),
        error_bound=error_bounds(),
        cancels=("value", "grad", "b1", "b2", "b3", "b4"),
        elsewhere={"rational_activations": "rational.torch.Rational (version='B')"},
    ),
    Function(
        name="xielu",
        summary="The integral of a trainable ELU: a parabola above 0, an exponential below.",
        formula="alpha_p x² + beta x if x > 0 else alpha_n (exp(x) - 1 - x) + beta x",
        derivative_formula="2 alpha_p x + beta if x > 0 else alpha_n (exp(x) - 1) + beta",
        domain=(-inf, inf),
        range=(-0.2057512240964821, inf),
        limits=(inf, inf),
        parameters=(
            Parameter(
                name="alpha_p",
                default=0.8,
                lower=-inf,
                upper=inf,
                summary="half the curvature above 0",
                derivative_formula="x² if x > 0 else 0",
            ),
            Parameter(
                name="alpha_n",
                default=0.8,
                lower=-inf,
                upper=inf,
                summary="curvature just below 0; the slope at -inf is beta - alpha_n",
                derivative_formula="0 if x > 0 else exp(x) - 1 - x",
            ),
            Parameter(
                name="beta",
                default=0.5,
                lower=-inf,
                upper=inf,
                summary="slope at 0",
                derivative_formula="x",
            ),
        ),
        saturates=(),
        max_derivative=inf,
        monotonic=False,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=False,
        source="A. H. Huang, I. Schlag (2024), Deriving activation functions using integration,"
        " arXiv 2411.13010, with the alphas themselves as parameters, where the authors pass them"
        " through a softplus.",
        initializer="kaiming_normal",
        gain=_xielu_gain(0.8, 0.8, 0.5),
        gain_at=_xielu_gain,
        initializer_reason="No published initialisation is its own. The condition of He et al."
        " (2015), a second moment that stays 1 for a standard normal argument, solved by"
        " quadrature, gives 0.759 for the default parameters. It holds only near that moment, as"
        " the parabola enlarges a large signal further: xIELU belongs behind a normalisation.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-0.09173177,  0.        ,  4.2       ])",
            grad="array([-0.19173177,  0.5       ,  3.7       ])",
            backward="array([-1.91731773e-01,  5.00000000e+00,  3.70000000e+02])",
        ),
        error_bound=error_bounds(),
        cancels=("value", "grad"),
        elsewhere={
            "transformers": "transformers.activations.XIELUActivation"
            " (alpha_p and alpha_n through a softplus)",
        },
    ),
)
