"""Records of the rectifiers: ReLU and its descendants, of straight lines and parabolas."""

from __future__ import annotations

from math import inf, sqrt

from ogive.catalog.gain import HE_CONDITION, UNSTABLE, normal_density, normal_tail
from ogive.catalog.record import Example, Function, Parameter, error_bounds


def _leaky_gain(negative_slope: float) -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z: half of the variance times 1 + slope²."""
    return sqrt(2.0 / (1.0 + negative_slope * negative_slope))


def _prelu_gain(weight: float) -> float:
    """Return the gain of leaky_relu for this slope."""
    return _leaky_gain(weight)


def _rrelu_gain(lower: float, upper: float) -> float:
    """Return the gain of leaky_relu for the mean slope."""
    return _leaky_gain(0.5 * (lower + upper))


def _relu6_gain() -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z: the second moment from 0 to 6, 36 beyond."""
    return 1.0 / sqrt(0.5 - normal_tail(6.0) - 6.0 * normal_density(6.0) + 36.0 * normal_tail(6.0))


def _threshold_gain(threshold: float, value: float) -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z: value² below, the second moment above."""
    above = normal_tail(threshold) + threshold * normal_density(threshold)
    return 1.0 / sqrt(value * value * normal_tail(-threshold) + above)


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
        name="relu6",
        summary="ReLU held at 6, so that few bits hold its values.",
        formula="min(max(x, 0), 6)",
        derivative_formula="1 if 0 < x < 6 else 0",
        domain=(-inf, inf),
        range=(0.0, 6.0),
        limits=(0.0, 6.0),
        saturates=("-inf", "+inf"),
        max_derivative=1.0,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=False,
        source="A. Krizhevsky (2010), Convolutional deep belief networks on CIFAR-10, unpublished"
        " manuscript, University of Toronto. The derivative at 0 and 6 is taken as 0.",
        initializer="kaiming_normal",
        gain=_relu6_gain(),
        initializer_reason="He et al. (2015), as for ReLU: a normal argument reaches 6 too seldom"
        " to change sqrt(2) in the first eight digits.",
        example=Example(
            at="[-2.0, 2.0, 8.0]",
            value="array([0., 2., 6.])",
            grad="array([0., 1., 0.])",
            backward="array([ 0., 10.,  0.])",
        ),
        error_bound=error_bounds(value=0.0, grad=0.0, backward=0.0, half=0.0),
        elsewhere={
            "torch": "torch.nn.functional.relu6",
            "jax": "jax.nn.relu6",
            "keras": "keras.activations.relu6",
            "onnx": "Clip (min=0, max=6)",
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
                derivative_formula="0 if x > 0 else x",
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
        name="prelu",
        summary="Leaky ReLU whose slope below 0 is learned.",
        formula="x if x > 0 else weight x",
        derivative_formula="1 if x > 0 else weight",
        domain=(-inf, inf),
        range=(-inf, inf),
        limits=(-inf, inf),
        parameters=(
            Parameter(
                name="weight",
                default=0.25,
                lower=-inf,
                upper=inf,
                summary="slope where x is not positive; learned",
                derivative_formula="0 if x > 0 else x",
            ),
        ),
        saturates=(),
        max_derivative=1.0,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=False,
        source="K. He, X. Zhang, S. Ren, J. Sun (2015), Delving deep into rectifiers: surpassing"
        " human-level performance on ImageNet classification, ICCV. The derivative at 0 is taken"
        " as weight.",
        initializer="kaiming_normal",
        gain=_prelu_gain(0.25),
        gain_at=_prelu_gain,
        initializer_reason="He et al. (2015), equation 15: sqrt(2 / (1 + weight²)).",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-0.5,  0. ,  2. ])",
            grad="array([0.25, 0.25, 1.  ])",
            backward="array([  0.25,   2.5 , 100.  ])",
        ),
        error_bound=error_bounds(value=0.5, grad=0.0, backward=0.5),
        elsewhere={
            "torch": "torch.nn.functional.prelu",
            "keras": "keras.layers.PReLU (slope 0 at first, one a unit)",
            "onnx": "PRelu",
        },
    ),
    Function(
        name="rrelu",
        summary="Randomised leaky ReLU as it is evaluated: with the mean of its slopes below 0.",
        formula="x if x > 0 else (lower + upper) x / 2",
        derivative_formula="1 if x > 0 else (lower + upper) / 2",
        domain=(-inf, inf),
        range=(-inf, inf),
        limits=(-inf, inf),
        parameters=(
            Parameter(
                name="lower",
                default=1.0 / 8.0,
                lower=-inf,
                upper=inf,
                summary="smallest of the slopes drawn in training",
            ),
            Parameter(
                name="upper",
                default=1.0 / 3.0,
                lower=-inf,
                upper=inf,
                summary="largest of the slopes drawn in training",
            ),
        ),
        saturates=(),
        max_derivative=1.0,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=False,
        source="B. Xu, N. Wang, T. Chen, M. Li (2015), Empirical evaluation of rectified"
        " activations in convolutional network, arXiv 1505.00853. The derivative at 0 is taken as"
        " the mean slope.",
        initializer="kaiming_normal",
        gain=_rrelu_gain(1.0 / 8.0, 1.0 / 3.0),
        gain_at=_rrelu_gain,
        initializer_reason="He et al. (2015), equation 15, for the mean slope; the variance of the"
        " slopes drawn in training is left out: it adds 0.3 % to the second moment.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-0.45833333,  0.        ,  2.        ])",
            grad="array([0.22916667, 0.22916667, 1.        ])",
            backward="array([  0.22916667,   2.29166667, 100.        ])",
        ),
        error_bound=error_bounds(grad=0.5),
        elsewhere={
            "torch": "torch.nn.functional.rrelu (training=False; random slopes with training=True)"
        },
    ),
    Function(
        name="threshold",
        summary="The argument where it is above a threshold, and a fixed value elsewhere.",
        formula="x if x > threshold else value",
        derivative_formula="1 if x > threshold else 0",
        domain=(-inf, inf),
        range=(0.0, inf),
        limits=(0.0, inf),
        parameters=(
            Parameter(
                name="threshold",
                default=1.0,
                lower=-inf,
                upper=inf,
                summary="where the argument begins to pass",
            ),
            Parameter(
                name="value",
                default=0.0,
                lower=-inf,
                upper=inf,
                summary="value up to the threshold",
            ),
        ),
        saturates=("-inf",),
        max_derivative=1.0,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=False,
        source="K. Konda, R. Memisevic, D. Krueger (2015), Zero-bias autoencoders and the benefits"
        " of co-adapting features, ICLR, who call it thresholded ReLU with value 0. The derivative"
        " at the threshold is taken as 0.",
        initializer="kaiming_normal",
        gain=_threshold_gain(1.0, 0.0),
        gain_at=_threshold_gain,
        initializer_reason=HE_CONDITION
        + " 1.580 for a threshold of 1 and a value of 0."
        + UNSTABLE,
        example=Example(
            at="[0.5, 1.0, 2.0]",
            value="array([0., 0., 2.])",
            grad="array([0., 0., 1.])",
            backward="array([  0.,   0., 100.])",
        ),
        error_bound=error_bounds(value=0.0, grad=0.0, backward=0.0, half=0.0),
        elsewhere={
            "torch": "torch.nn.functional.threshold (no defaults)",
            "keras": "keras.activations.threshold (no default for threshold)",
            "onnx": "ThresholdedRelu (alpha=1 is the threshold; value 0)",
        },
    ),
    Function(
        name="relu_squared",
        summary="The square of ReLU: no kink in its slope at 0, and a slope that grows without"
        " bound.",
        formula="max(x, 0)²",
        derivative_formula="2 max(x, 0)",
        domain=(-inf, inf),
        range=(0.0, inf),
        limits=(0.0, inf),
        saturates=("-inf",),
        max_derivative=inf,
        monotonic=True,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=False,
        source="D. R. So et al. (2021), Primer: searching for efficient transformers for language"
        " modeling, NeurIPS 34.",
        initializer="kaiming_normal",
        gain=sqrt(2.0 / 3.0),
        initializer_reason=HE_CONDITION + " sqrt(2 / 3)." + UNSTABLE,
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([0., 0., 4.])",
            grad="array([0., 0., 4.])",
            backward="array([  0.,   0., 400.])",
        ),
        error_bound=error_bounds(value=0.5, grad=0.0, backward=0.5),
    ),
    Function(
        name="hard_swish",
        summary="The argument gated by its hard sigmoid: a swish of two lines and a parabola.",
        formula="x min(max((x + 3) / 6, 0), 1)",
        derivative_formula="0 if x <= -3 else 1 if x >= 3 else (2x + 3) / 6",
        domain=(-inf, inf),
        range=(-0.375, inf),
        limits=(0.0, inf),
        saturates=("-inf",),
        max_derivative=1.5,
        monotonic=False,
        odd=False,
        zero_centred=False,
        self_gated=True,
        smooth=False,
        source="A. Howard et al. (2019), Searching for MobileNetV3, ICCV. The derivative is taken"
        " as 0 at -3 and as 1 at 3.",
        initializer="kaiming_normal",
        gain=1.7366572127665416,
        initializer_reason=HE_CONDITION
        + " 1.737; ReLU's sqrt(2), common in practice, loses 34 % of that moment a layer.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-0.33333333,  0.        ,  1.66666667])",
            grad="array([-0.16666667,  0.5       ,  1.16666667])",
            backward="array([ -0.16666667,   5.        , 116.66666667])",
        ),
        error_bound=error_bounds(),
        aliases=("hardswish", "hard_silu"),
        elsewhere={
            "torch": "torch.nn.functional.hardswish",
            "jax": "jax.nn.hard_swish",
            "keras": "keras.activations.hard_swish",
            "onnx": "HardSwish",
        },
    ),
)
