"""Records of the logistic family: sigmoid and what is built on it."""

from __future__ import annotations

from math import inf, sqrt

from ogive.catalog.gain import HE_CONDITION, normal_density, normal_tail, second_moment_gain
from ogive.catalog.record import Example, Function, Parameter, error_bounds
from ogive.formulas.logistic import softplus

_OUTPUT_FUNCTION = (
    "An output function rather than a hidden activation, so that no initialisation was derived"
    " for it: Glorot's with gain 1, as before a linear output."
)


def _softplus_gain(beta: float) -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z, by quadrature."""
    return second_moment_gain(lambda z: softplus(z, beta))


def _squareplus_gain(b: float) -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z: E[(2z² + b + 2z sqrt(z² + b)) / 4]."""
    return sqrt(4.0 / (2.0 + b))


def _hard_tanh_gain(min: float, max: float) -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z: the second moment between, the ends beyond."""
    below, above = normal_tail(-min), normal_tail(max)
    between = 1.0 - below - above - max * normal_density(max) + min * normal_density(min)
    return 1.0 / sqrt(min * min * below + between + max * max * above)


FUNCTIONS = (
    Function(
        name="sigmoid",
        summary="The logistic sigmoid: maps a real number, read as log-odds, to a probability.",
        formula="1 / (1 + exp(-x))",
        derivative_formula="exp(-|x|) / (1 + exp(-|x|))²",
        domain=(-inf, inf),
        range=(0.0, 1.0),
        limits=(0.0, 1.0),
        saturates=("-inf", "+inf"),
        max_derivative=0.25,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=True,
        source="P.-F. Verhulst (1845), Recherches mathématiques sur la loi d'accroissement"
        " de la population, Nouv. Mém. Acad. Roy. Bruxelles 18.",
        initializer="xavier_uniform",
        gain=4.0,
        initializer_reason="Glorot & Bengio (2010) ask for a unit slope at 0; the sigmoid's is"
        " 1/4, so the weights are 4 times as large, as in the Deep Learning Tutorials (LISA,"
        " 2010). torch's calculate_gain says 1, with which the signal shrinks by 4 in every layer.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([0.11920292, 0.5       , 0.88079708])",
            grad="array([0.10499359, 0.25      , 0.10499359])",
            backward="array([ 0.10499359,  2.5       , 10.49935854])",
        ),
        # The float32 value is computed in floats (native/single.h); 0.857 is the worst of all 2³².
        error_bound=error_bounds(single=0.9),
        aliases=("expit", "logistic"),
        elsewhere={
            "torch": "torch.sigmoid",
            "jax": "jax.nn.sigmoid",
            "keras": "keras.activations.sigmoid",
            "scipy": "scipy.special.expit",
            "onnx": "Sigmoid",
        },
    ),
    Function(
        name="logit",
        summary="The log-odds of a probability: the inverse of the sigmoid.",
        formula="log(x / (1 - x))",
        derivative_formula="1 / (x (1 - x))",
        domain=(0.0, 1.0),
        range=(-inf, inf),
        limits=(None, None),
        saturates=(),
        max_derivative=inf,
        monotonic=True,
        odd=False,
        zero_centred=True,
        self_gated=False,
        smooth=True,
        source="J. Berkson (1944), Application of the logistic function to bio-assay, J. Amer."
        " Statist. Assoc. 39. It is -inf at 0 and +inf at 1, its derivative +inf at both, and"
        " both are NaN outside [0, 1].",
        initializer="xavier_uniform",
        gain=1.0,
        initializer_reason=_OUTPUT_FUNCTION,
        example=Example(
            at="[0.25, 0.5, 0.75]",
            value="array([-1.09861229,  0.        ,  1.09861229])",
            grad="array([5.33333333, 4.        , 5.33333333])",
            backward="array([  5.33333333,  40.        , 533.33333333])",
        ),
        error_bound=error_bounds(),
        elsewhere={
            "torch": "torch.logit (eps=None: no clamping)",
            "jax": "jax.scipy.special.logit",
            "scipy": "scipy.special.logit",
        },
    ),
    Function(
        name="odds",
        summary="The odds of a probability: how many times likelier than not.",
        formula="x / (1 - x)",
        derivative_formula="1 / (1 - x)²",
        domain=(0.0, 1.0),
        range=(0.0, inf),
        limits=(None, None),
        saturates=(),
        max_derivative=inf,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=True,
        source="G. A. Barnard (1949), Statistical inference, J. Roy. Statist. Soc. B 11, whose"
        " log-odds are its logarithm. It and its derivative are +inf at 1 and NaN outside [0, 1].",
        initializer="xavier_uniform",
        gain=1.0,
        initializer_reason=_OUTPUT_FUNCTION,
        example=Example(
            at="[0.25, 0.5, 0.75]",
            value="array([0.33333333, 1.        , 3.        ])",
            grad="array([ 1.77777778,  4.        , 16.        ])",
            backward="array([   1.77777778,   40.        , 1600.        ])",
        ),
        error_bound=error_bounds(),
    ),
    Function(
        name="log_sigmoid",
        summary="The logarithm of the sigmoid: the log-likelihood of a success with log-odds x.",
        formula="-log(1 + exp(-x))",
        derivative_formula="1 / (1 + exp(x))",
        domain=(-inf, inf),
        range=(-inf, 0.0),
        limits=(-inf, -0.0),
        saturates=("+inf",),
        max_derivative=1.0,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=True,
        source="log1p form after M. Mächler (2012), Accurately computing log(1 - exp(-|a|)),"
        " vignette of the R package Rmpfr.",
        initializer="xavier_uniform",
        gain=1.0,
        initializer_reason=_OUTPUT_FUNCTION,
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-2.12692801, -0.69314718, -0.12692801])",
            grad="array([0.88079708, 0.5       , 0.11920292])",
            backward="array([ 0.88079708,  5.        , 11.9202922 ])",
        ),
        error_bound=error_bounds(),
        aliases=("log_expit", "logsigmoid"),
        elsewhere={
            "torch": "torch.nn.functional.logsigmoid",
            "jax": "jax.nn.log_sigmoid",
            "keras": "keras.activations.log_sigmoid",
            "scipy": "scipy.special.log_expit",
        },
    ),
    Function(
        name="log1mexp",
        summary="The logarithm of the complement of exp(-x): log(1 - p) from x = -log(p).",
        formula="log(1 - exp(-x))",
        derivative_formula="1 / (exp(x) - 1)",
        domain=(0.0, inf),
        range=(-inf, 0.0),
        limits=(None, -0.0),
        saturates=("+inf",),
        max_derivative=inf,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=True,
        source="M. Mächler (2012), Accurately computing log(1 - exp(-|a|)), vignette of the R"
        " package Rmpfr. It is -inf at 0, its derivative +inf, and both are NaN below 0.",
        initializer="xavier_uniform",
        gain=1.0,
        initializer_reason=_OUTPUT_FUNCTION,
        example=Example(
            at="[0.5, 1.0, 2.0]",
            value="array([-0.93275213, -0.45867515, -0.14541346])",
            grad="array([1.54149408, 0.58197671, 0.15651764])",
            backward="array([ 1.54149408,  5.81976707, 15.65176427])",
        ),
        error_bound=error_bounds(),
        elsewhere={
            "jax": "jax.nn.log1mexp",
        },
    ),
    Function(
        name="tanh",
        summary="The hyperbolic tangent: the sigmoid stretched to (-1, 1) and centred on 0.",
        formula="(exp(x) - exp(-x)) / (exp(x) + exp(-x))",
        derivative_formula="4 exp(-2|x|) / (1 + exp(-2|x|))²",
        domain=(-inf, inf),
        range=(-1.0, 1.0),
        limits=(-1.0, 1.0),
        saturates=("-inf", "+inf"),
        max_derivative=1.0,
        monotonic=True,
        odd=True,
        zero_centred=True,
        self_gated=False,
        smooth=True,
        source="NIST Digital Library of Mathematical Functions, section 4.28; as an activation:"
        " Y. LeCun et al. (1998), Efficient BackProp.",
        initializer="xavier_uniform",
        gain=5.0 / 3.0,
        initializer_reason="Glorot & Bengio (2010), with the gain 5/3 of torch's calculate_gain:"
        " it holds the second moment of the signal near 1 (the exact gain for that is 1.593),"
        " where gain 1, right for a vanishing signal only, lets it shrink layer by layer.",
        example=Example(
            at="[-1.0, 0.0, 1.0]",
            value="array([-0.76159416,  0.        ,  0.76159416])",
            grad="array([0.41997434, 1.        , 0.41997434])",
            backward="array([ 0.41997434, 10.        , 41.99743416])",
        ),
        error_bound=error_bounds(),
        elsewhere={
            "torch": "torch.tanh",
            "jax": "jax.nn.tanh",
            "keras": "keras.activations.tanh",
            "numpy": "numpy.tanh",
            "onnx": "Tanh",
        },
    ),
    Function(
        name="softsign",
        summary="The softsign, or Elliott's function: a sigmoid that saturates as 1 / x, not exp.",
        formula="x / (1 + |x|)",
        derivative_formula="1 / (1 + |x|)²",
        domain=(-inf, inf),
        range=(-1.0, 1.0),
        limits=(-1.0, 1.0),
        saturates=("-inf", "+inf"),
        max_derivative=1.0,
        monotonic=True,
        odd=True,
        zero_centred=True,
        self_gated=False,
        smooth=False,
        source="D. L. Elliott (1993), A better activation function for artificial neural"
        " networks, report ISR TR 93-8, University of Maryland. Its second derivative jumps at 0.",
        initializer="xavier_uniform",
        gain=2.3375333631085397,
        initializer_reason="Glorot & Bengio (2010) use their initialisation for it, with gain 1,"
        " right for a vanishing signal only: its slope is 1 at 0 and falls off at once. The gain"
        " is the one that holds the second moment of a standard normal argument at 1.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-0.66666667,  0.        ,  0.66666667])",
            grad="array([0.11111111, 1.        , 0.11111111])",
            backward="array([ 0.11111111, 10.        , 11.11111111])",
        ),
        error_bound=error_bounds(),
        aliases=("elliott",),
        elsewhere={
            "torch": "torch.nn.functional.softsign",
            "jax": "jax.nn.soft_sign",
            "keras": "keras.activations.softsign",
            "onnx": "Softsign",
        },
    ),
    Function(
        name="softplus",
        summary="The integral of the sigmoid: a smooth ReLU.",
        formula="log(1 + exp(beta x)) / beta",
        derivative_formula="1 / (1 + exp(-beta x))",
        domain=(-inf, inf),
        range=(0.0, inf),
        limits=(0.0, inf),
        parameters=(
            Parameter(
                name="beta",
                default=1.0,
                lower=0.0,
                upper=inf,
                summary="sharpness: the larger, the nearer to ReLU",
                lower_included=False,
                derivative_formula="(x / (1 + exp(-beta x)) - log(1 + exp(beta x)) / beta) / beta",
            ),
        ),
        saturates=("-inf",),
        max_derivative=1.0,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=True,
        source="C. Dugas, Y. Bengio, F. Bélisle, C. Nadeau, R. Garcia (2001), Incorporating"
        " second-order functional knowledge for better option pricing, NIPS 13.",
        initializer="kaiming_normal",
        gain=_softplus_gain(1.0),
        gain_at=_softplus_gain,
        initializer_reason=f"{HE_CONDITION} 1.042 for beta = 1; most of that moment is the"
        " square of its mean, 0.806, which no gain removes.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([0.12692801, 0.69314718, 2.12692801])",
            grad="array([0.11920292, 0.5       , 0.88079708])",
            backward="array([ 0.11920292,  5.        , 88.0797078 ])",
        ),
        error_bound=error_bounds(),
        elsewhere={
            "torch": "torch.nn.functional.softplus (beta=1; the identity where beta x > 20)",
            "jax": "jax.nn.softplus (no beta)",
            "keras": "keras.activations.softplus (no beta)",
            "numpy": "numpy.logaddexp(0, x)",
            "onnx": "Softplus (no beta)",
        },
    ),
    Function(
        name="squareplus",
        summary="An algebraic softplus: a smooth ReLU from a square root, without exp and log.",
        formula="(x + sqrt(x² + b)) / 2",
        derivative_formula="(1 + x / sqrt(x² + b)) / 2",
        domain=(-inf, inf),
        range=(0.0, inf),
        limits=(0.0, inf),
        parameters=(
            Parameter(
                name="b",
                default=4.0,
                lower=0.0,
                upper=inf,
                summary="width of the bend: 0 is ReLU, 4 is as curved at 0 as softplus",
                derivative_formula="1 / (4 sqrt(x² + b))",
            ),
        ),
        saturates=("-inf",),
        max_derivative=1.0,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=True,
        source="J. T. Barron (2021), Squareplus: a softplus-like algebraic rectifier, arXiv"
        " 2112.11687.",
        initializer="kaiming_normal",
        gain=_squareplus_gain(4.0),
        gain_at=_squareplus_gain,
        initializer_reason=f"{HE_CONDITION} 2 / sqrt(2 + b); most of that moment is the square"
        " of its mean, which no gain removes.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([0.41421356, 1.        , 2.41421356])",
            grad="array([0.14644661, 0.5       , 0.85355339])",
            backward="array([ 0.14644661,  5.        , 85.35533906])",
        ),
        error_bound=error_bounds(),
        elsewhere={
            "jax": "jax.nn.squareplus",
            "keras": "keras.activations.squareplus",
        },
    ),
    Function(
        name="hard_sigmoid",
        summary="A sigmoid of three straight lines: 0 below -3, 1 above 3.",
        formula="min(max((x + 3) / 6, 0), 1)",
        derivative_formula="1 / 6 if -3 < x < 3 else 0",
        domain=(-inf, inf),
        range=(0.0, 1.0),
        limits=(0.0, 1.0),
        saturates=("-inf", "+inf"),
        max_derivative=1.0 / 6.0,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=False,
        source="M. Courbariaux, Y. Bengio, J.-P. David (2015), BinaryConnect, NIPS 28, with slope"
        " 1/2; with slope 1/6: A. Howard et al. (2019), Searching for MobileNetV3, ICCV. The"
        " derivative at -3 and 3 is taken as 0.",
        initializer="xavier_uniform",
        gain=6.0,
        initializer_reason="As for the sigmoid, a unit slope at 0, as Glorot & Bengio (2010) ask"
        " for: its own is 1/6. No published initialisation is its own.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([0.16666667, 0.5       , 0.83333333])",
            grad="array([0.16666667, 0.16666667, 0.16666667])",
            backward="array([ 0.16666667,  1.66666667, 16.66666667])",
        ),
        error_bound=error_bounds(grad=0.5),
        elsewhere={
            "torch": "torch.nn.functional.hardsigmoid",
            "jax": "jax.nn.hard_sigmoid",
            "keras": "keras.activations.hard_sigmoid (Keras 2: min(max(0.2x + 0.5, 0), 1))",
            "onnx": "HardSigmoid (alpha=0.2: min(max(0.2x + 0.5, 0), 1))",
        },
    ),
    Function(
        name="hard_tanh",
        summary="The argument held between two bounds: a tanh of three straight lines.",
        formula="min(max(x, min), max)",
        derivative_formula="1 if min < x < max else 0",
        domain=(-inf, inf),
        range=(-1.0, 1.0),
        limits=(-1.0, 1.0),
        parameters=(
            Parameter(
                name="min",
                default=-1.0,
                lower=-inf,
                upper=inf,
                summary="lowest value, at most max",
            ),
            Parameter(
                name="max",
                default=1.0,
                lower=-inf,
                upper=inf,
                summary="highest value, at least min",
            ),
        ),
        saturates=("-inf", "+inf"),
        max_derivative=1.0,
        monotonic=True,
        odd=True,
        zero_centred=True,
        self_gated=False,
        smooth=False,
        source="R. Collobert (2004), Large scale machine learning, thesis, Université Paris VI."
        " The derivative at min and max is taken as 0.",
        initializer="xavier_uniform",
        gain=_hard_tanh_gain(-1.0, 1.0),
        gain_at=_hard_tanh_gain,
        initializer_reason="No published initialisation is its own. Glorot & Bengio (2010), as"
        " for tanh, with the gain that holds the second moment of a standard normal argument at"
        " 1: 1.392 for bounds of -1 and 1, where gain 1 lets the signal shrink layer by layer.",
        example=Example(
            at="[-2.0, 0.5, 2.0]",
            value="array([-1. ,  0.5,  1. ])",
            grad="array([0., 1., 0.])",
            backward="array([ 0., 10.,  0.])",
        ),
        error_bound=error_bounds(value=0.0, grad=0.0, backward=0.0, half=0.0),
        elsewhere={
            "torch": "torch.nn.functional.hardtanh (min_val, max_val)",
            "jax": "jax.nn.hard_tanh (-1 and 1 only)",
            "keras": "keras.activations.hard_tanh (-1 and 1 only)",
            "numpy": "numpy.clip(x, -1, 1)",
            "onnx": "Clip (no bounds by default)",
        },
    ),
)
