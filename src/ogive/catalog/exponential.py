"""Records of the exponential units: linear above 0, an exponential below."""

from __future__ import annotations

from math import erfc, exp, inf, sqrt

from ogive.catalog.gain import HE_CONDITION, second_moment_gain
from ogive.catalog.record import Example, Function, Parameter, error_bounds
from ogive.formulas.rectifier import celu


def _elu_gain(alpha: float) -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z.

    E[(exp(z) - 1)²; z < 0] = e² Φ(-2) - 2 sqrt(e) Φ(-1) + 1/2, with Φ(-t) = erfc(t / sqrt(2)) / 2.
    """
    left = exp(2.0) * erfc(sqrt(2.0)) / 2.0 - exp(0.5) * erfc(sqrt(0.5)) + 0.5
    return 1.0 / sqrt(0.5 + alpha * alpha * left)


def _celu_gain(alpha: float) -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z, by quadrature."""
    return second_moment_gain(lambda z: celu(z, alpha))


FUNCTIONS = (
    Function(
        name="elu",
        summary="The exponential linear unit: the argument above 0, an exponential below.",
        formula="x if x > 0 else alpha (exp(x) - 1)",
        derivative_formula="1 if x > 0 else alpha exp(x)",
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
                derivative_formula="0 if x > 0 else exp(x) - 1",
            ),
        ),
        saturates=("-inf",),
        max_derivative=1.0,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=False,
        source="D.-A. Clevert, T. Unterthiner, S. Hochreiter (2016), Fast and accurate deep"
        " network learning by exponential linear units, ICLR. The derivative at 0 is taken as"
        " alpha.",
        initializer="kaiming_normal",
        gain=_elu_gain(1.0),
        gain_at=_elu_gain,
        initializer_reason="Clevert et al. (2016) initialise after He et al. (2015), whose"
        " condition, a second moment that stays 1 for a standard normal argument, gives 1.245"
        " for alpha = 1.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-0.86466472,  0.        ,  2.        ])",
            grad="array([0.13533528, 1.        , 1.        ])",
            backward="array([  0.13533528,  10.        , 100.        ])",
        ),
        error_bound=error_bounds(),
        elsewhere={
            "torch": "torch.nn.functional.elu",
            "jax": "jax.nn.elu",
            "keras": "keras.activations.elu",
            "onnx": "Elu",
        },
    ),
    Function(
        name="celu",
        summary="ELU with its exponential stretched, so that its slope at 0 is 1 for every alpha.",
        formula="x if x > 0 else alpha (exp(x / alpha) - 1)",
        derivative_formula="1 if x > 0 else exp(x / alpha)",
        domain=(-inf, inf),
        range=(-1.0, inf),
        limits=(-1.0, inf),
        parameters=(
            Parameter(
                name="alpha",
                default=1.0,
                lower=0.0,
                upper=inf,
                summary="the limit at -inf is -alpha",
                lower_included=False,
                derivative_formula="0 if x > 0 else exp(x / alpha) (1 - x / alpha) - 1",
            ),
        ),
        saturates=("-inf",),
        max_derivative=1.0,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=False,
        source="J. T. Barron (2017), Continuously differentiable exponential linear units, arXiv"
        " 1704.07483.",
        initializer="kaiming_normal",
        gain=_celu_gain(1.0),
        gain_at=_celu_gain,
        initializer_reason=HE_CONDITION + " 1.245 for alpha = 1, where it is ELU.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-0.86466472,  0.        ,  2.        ])",
            grad="array([0.13533528, 1.        , 1.        ])",
            backward="array([  0.13533528,  10.        , 100.        ])",
        ),
        error_bound=error_bounds(),
        elsewhere={
            "torch": "torch.nn.functional.celu",
            "jax": "jax.nn.celu",
            "keras": "keras.activations.celu",
            "onnx": "Celu",
        },
    ),
    Function(
        name="selu",
        summary="ELU scaled so that a network of it drives its signal to mean 0 and variance 1.",
        formula="scale (x if x > 0 else alpha (exp(x) - 1))",
        derivative_formula="scale (1 if x > 0 else alpha exp(x))",
        domain=(-inf, inf),
        range=(-1.7580993408473768, inf),
        limits=(-1.7580993408473768, inf),
        saturates=("-inf",),
        max_derivative=1.7580993408473768,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=False,
        source="G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter (2017), Self-normalizing"
        " neural networks, NIPS 30; scale and alpha are the exact numbers of its equation 14,"
        " 1.05070098735548049... and 1.67326324235437728... The derivative at 0 is taken as scale"
        " alpha.",
        initializer="kaiming_normal",
        gain=1.0,
        initializer_reason="Klambauer et al. (2017) ask for weights of variance 1 / fan_in (LeCun"
        " et al., 1998), which is gain 1: a standard normal argument then keeps its second moment."
        " torch's calculate_gain says 3/4, with which it shrinks.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-1.52016647,  0.        ,  2.10140197])",
            grad="array([0.23793287, 1.75809934, 1.05070099])",
            backward="array([  0.23793287,  17.58099341, 105.07009874])",
        ),
        error_bound=error_bounds(),
        elsewhere={
            "torch": "torch.nn.functional.selu",
            "jax": "jax.nn.selu",
            "keras": "keras.activations.selu",
            "onnx": "Selu",
        },
    ),
)
