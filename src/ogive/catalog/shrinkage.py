"""Records of the shrinkage functions: they draw their argument towards 0."""

from __future__ import annotations

from math import inf, sqrt

from ogive.catalog.gain import HE_CONDITION, UNSTABLE, normal_density, normal_tail
from ogive.catalog.record import Example, Function, Parameter, error_bounds


def _softshrink_gain(lambd: float) -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z: E[(|z| - lambd)²; |z| > lambd]."""
    tail = (1.0 + lambd * lambd) * normal_tail(lambd) - lambd * normal_density(lambd)
    return 1.0 / sqrt(2.0 * tail)


def _hardshrink_gain(lambd: float) -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z: E[z²; |z| > lambd]."""
    return 1.0 / sqrt(2.0 * (normal_tail(lambd) + lambd * normal_density(lambd)))


FUNCTIONS = (
    Function(
        name="softshrink",
        summary="The argument moved towards 0 by lambd, and no further than 0.",
        formula="sign(x) max(|x| - lambd, 0)",
        derivative_formula="1 if |x| > lambd else 0",
        domain=(-inf, inf),
        range=(-inf, inf),
        limits=(-inf, inf),
        parameters=(
            Parameter(
                name="lambd",
                default=0.5,
                lower=0.0,
                upper=inf,
                summary="the width of the shift, and half of that of the zero zone",
            ),
        ),
        saturates=(),
        max_derivative=1.0,
        monotonic=True,
        odd=True,
        zero_centred=True,
        self_gated=False,
        smooth=False,
        source="D. L. Donoho (1995), De-noising by soft-thresholding, IEEE Trans. Inform. Theory"
        " 41. The derivative at -lambd and lambd is taken as 0.",
        initializer="kaiming_normal",
        gain=_softshrink_gain(0.5),
        gain_at=_softshrink_gain,
        initializer_reason=HE_CONDITION + " 1.544 for lambd = 0.5." + UNSTABLE,
        example=Example(
            at="[-2.0, 0.25, 2.0]",
            value="array([-1.5,  0. ,  1.5])",
            grad="array([1., 0., 1.])",
            backward="array([  1.,   0., 100.])",
        ),
        error_bound=error_bounds(value=0.5, grad=0.0, backward=0.0),
        aliases=("soft_shrink",),
        elsewhere={
            "torch": "torch.nn.functional.softshrink",
            "keras": "keras.activations.soft_shrink (threshold=0.5)",
            "onnx": "Shrink (bias=0, lambd=0.5; this one with bias = lambd)",
        },
    ),
    Function(
        name="hardshrink",
        summary="The argument where it exceeds lambd in size, and 0 elsewhere.",
        formula="x if |x| > lambd else 0",
        derivative_formula="1 if |x| > lambd else 0",
        domain=(-inf, inf),
        range=(-inf, inf),
        limits=(-inf, inf),
        parameters=(
            Parameter(
                name="lambd",
                default=0.5,
                lower=0.0,
                upper=inf,
                summary="half of the width of the zero zone",
            ),
        ),
        saturates=(),
        max_derivative=1.0,
        monotonic=True,
        odd=True,
        zero_centred=True,
        self_gated=False,
        smooth=False,
        source="D. L. Donoho, I. M. Johnstone (1994), Ideal spatial adaptation by wavelet"
        " shrinkage, Biometrika 81. The derivative at -lambd and lambd is taken as 0.",
        initializer="kaiming_normal",
        gain=_hardshrink_gain(0.5),
        gain_at=_hardshrink_gain,
        initializer_reason=HE_CONDITION + " 1.016 for lambd = 0.5." + UNSTABLE,
        example=Example(
            at="[-2.0, 0.25, 2.0]",
            value="array([-2.,  0.,  2.])",
            grad="array([1., 0., 1.])",
            backward="array([  1.,   0., 100.])",
        ),
        error_bound=error_bounds(value=0.0, grad=0.0, backward=0.0, half=0.0),
        aliases=("hard_shrink",),
        elsewhere={
            "torch": "torch.nn.functional.hardshrink",
            "keras": "keras.activations.hard_shrink (threshold=0.5)",
            "onnx": "Shrink (lambd=0.5, bias=0)",
        },
    ),
    Function(
        name="tanhshrink",
        summary="The argument less its tanh: flat at 0, straight far out.",
        formula="x - (exp(x) - exp(-x)) / (exp(x) + exp(-x))",
        derivative_formula="tanh(x)²",
        domain=(-inf, inf),
        range=(-inf, inf),
        limits=(-inf, inf),
        saturates=(),
        max_derivative=1.0,
        monotonic=True,
        odd=True,
        zero_centred=True,
        self_gated=False,
        smooth=True,
        source="R. Collobert, K. Kavukcuoglu, C. Farabet (2011), Torch7: a Matlab-like environment"
        " for machine learning, NIPS workshop BigLearn, whose layer it is; no paper proposes it.",
        initializer="kaiming_normal",
        gain=2.3383675301021214,
        initializer_reason=HE_CONDITION + " 2.338." + UNSTABLE,
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-1.03597242,  0.        ,  1.03597242])",
            grad="array([0.92934918, 0.        , 0.92934918])",
            backward="array([ 0.92934918,  0.        , 92.93491751])",
        ),
        error_bound=error_bounds(),
        aliases=("tanh_shrink",),
        elsewhere={
            "torch": "torch.nn.functional.tanhshrink",
            "keras": "keras.activations.tanh_shrink",
        },
    ),
)
