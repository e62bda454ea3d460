"""Records of the logistic family: sigmoid and what is built on it."""

from __future__ import annotations

from math import inf

from ogive.catalog.record import Example, Function, Parameter, error_bounds

_OUTPUT_FUNCTION = (
    "An output function rather than a hidden activation, so that no initialisation was derived"
    " for it: Glorot's with gain 1, as before a linear output."
)

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
        gain=1.0418668355353018,
        initializer_reason="No published initialisation is its own. The condition of He et al."
        " (2015), a second moment that stays 1 for a standard normal argument, gives 1.042;"
        " most of that moment is the square of its mean, 0.806, which no gain removes.",
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
)
