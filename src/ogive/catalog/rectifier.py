"""Records of the rectifiers: ReLU and its descendants."""

from __future__ import annotations

from math import erfc, exp, inf, sqrt

from ogive.catalog.record import Example, Function, Parameter, error_bounds


def _leaky_gain(negative_slope: float) -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z: half of the variance times 1 + slope²."""
    return sqrt(2.0 / (1.0 + negative_slope * negative_slope))


def _elu_gain(alpha: float) -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z.

    E[(exp(z) - 1)²; z < 0] = e² Φ(-2) - 2 sqrt(e) Φ(-1) + 1/2, with Φ(-t) = erfc(t / sqrt(2)) / 2.
    """
    left = exp(2.0) * erfc(sqrt(2.0)) / 2.0 - exp(0.5) * erfc(sqrt(0.5)) + 0.5
    return 1.0 / sqrt(0.5 + alpha * alpha * left)


FUNCTIONS = (
    Function(
        name="relu",
        summary="The rectified linear unit: the argument where it is positive, and 0 elsewhere.",
        formula="max(x, 0)",
        derivative_formula="1 if x > 0 else 0",
        domain=(-inf, inf),
        range=(0.0, inf),
        limits=(0.0, inf),
        saturates=("-inf",),
        max_derivative=1.0,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=True,
        smooth=False,
        source="V. Nair, G. E. Hinton (2010), Rectified linear units improve restricted"
        " Boltzmann machines, ICML. The derivative at 0 is taken as 0.",
        initializer="kaiming_normal",
        gain=sqrt(2.0),
        initializer_reason="He et al. (2015), Delving deep into rectifiers: half of the second"
        " moment is lost below 0, hence sqrt(2).",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([0., 0., 2.])",
            grad="array([0., 0., 1.])",
            backward="array([  0.,   0., 100.])",
        ),
        error_bound=error_bounds(value=0.0, grad=0.0, backward=0.0, half=0.0),
        elsewhere={
            "torch": "torch.nn.functional.relu",
            "jax": "jax.nn.relu",
            "keras": "keras.activations.relu",
            "onnx": "Relu",
        },
    ),
    Function(
        name="leaky_relu",
        summary="ReLU with a small slope below 0, so that no unit is ever without gradient.",
        formula="x if x > 0 else negative_slope x",
        derivative_formula="1 if x > 0 else negative_slope",
        domain=(-inf, inf),
        range=(-inf, inf),
        limits=(-inf, inf),
        parameters=(
            Parameter(
                name="negative_slope",
                default=0.01,
                lower=-inf,
                upper=inf,
                summary="slope where x is not positive",
            ),
        ),
        saturates=(),
        max_derivative=1.0,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=False,
        source="A. L. Maas, A. Y. Hannun, A. Y. Ng (2013), Rectifier nonlinearities improve"
        " neural network acoustic models, ICML workshop. The derivative at 0 is taken as"
        " negative_slope.",
        initializer="kaiming_normal",
        gain=_leaky_gain(0.01),
        gain_at=_leaky_gain,
        initializer_reason="He et al. (2015), equation 15: sqrt(2 / (1 + negative_slope²)).",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-0.02,  0.  ,  2.  ])",
            grad="array([0.01, 0.01, 1.  ])",
            backward="array([1.e-02, 1.e-01, 1.e+02])",
        ),
        error_bound=error_bounds(value=0.5, grad=0.0, backward=0.5),
        elsewhere={
            "torch": "torch.nn.functional.leaky_relu",
            "jax": "jax.nn.leaky_relu",
            "keras": "keras.activations.leaky_relu (negative_slope=0.2)",
            "onnx": "LeakyRelu",
        },
    ),
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
)
