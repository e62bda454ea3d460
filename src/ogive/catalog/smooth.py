"""Records of the smooth gated functions: the argument times a sigmoid or tanh of itself."""

from __future__ import annotations

from math import inf

from ogive.catalog.gain import HE_CONDITION, second_moment_gain
from ogive.catalog.record import Example, Function, Parameter, error_bounds
from ogive.formulas.smooth import swish


def _swish_gain(beta: float) -> float:
    """1 / sqrt(E[f(z)²]) for a standard normal z: from 2 at beta = 0 to sqrt(2) far out."""
    return second_moment_gain(lambda z: swish(z, beta))


FUNCTIONS = (
    Function(
        name="silu",
        summary="The sigmoid linear unit, swish with beta = 1: the argument gated by its sigmoid.",
        formula="x / (1 + exp(-x))",
        derivative_formula="s (1 + x (1 - s)) with s = 1 / (1 + exp(-x))",
        domain=(-inf, inf),
        range=(-0.2784645427610738, inf),
        limits=(-0.0, inf),
        saturates=("-inf",),
        max_derivative=1.099839320128867,
        monotonic=False,
        odd=False,
        zero_centred=False,
        self_gated=True,
        smooth=True,
        source="S. Elfwing, E. Uchibe, K. Doya (2018), Sigmoid-weighted linear units for neural"
        " network function approximation in reinforcement learning, Neural Networks 107; as"
        " swish: P. Ramachandran, B. Zoph, Q. V. Le (2017), arXiv 1710.05941.",
        initializer="kaiming_normal",
        gain=1.676532470331091,
        initializer_reason="The condition of He et al. (2015), a second moment that stays 1 for a"
        " standard normal argument, solved for SiLU (as G. Bingham, R. Miikkulainen (2023),"
        " AutoInit, AAAI, do for any activation). ReLU's sqrt(2), common in practice, loses 29 %"
        " of that moment a layer.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-0.23840584,  0.        ,  1.76159416])",
            grad="array([-0.09078425,  0.5       ,  1.09078425])",
            backward="array([-9.07842488e-02,  5.00000000e+00,  1.09078425e+02])",
        ),
        error_bound=error_bounds(),
        elsewhere={
            "torch": "torch.nn.functional.silu",
            "jax": "jax.nn.silu",
            "keras": "keras.activations.silu",
            "onnx": "Swish (alpha=1)",
        },
    ),
    Function(
        name="swish",
        summary="SiLU with a sharpness of its gate that can be learned.",
        formula="x / (1 + exp(-beta x))",
        derivative_formula="s (1 + beta x (1 - s)) with s = 1 / (1 + exp(-beta x))",
        domain=(-inf, inf),
        range=(-0.2784645427610738, inf),
        limits=(-0.0, inf),
        parameters=(
            Parameter(
                name="beta",
                default=1.0,
                lower=-inf,
                upper=inf,
                summary="sharpness of the gate: x/2 at 0, the larger, the nearer to ReLU",
                derivative_formula="x² s (1 - s) with s = 1 / (1 + exp(-beta x))",
            ),
        ),
        saturates=("-inf",),
        max_derivative=1.099839320128867,
        monotonic=False,
        odd=False,
        zero_centred=False,
        self_gated=True,
        smooth=True,
        source="P. Ramachandran, B. Zoph, Q. V. Le (2017), Searching for activation functions,"
        " arXiv 1710.05941, who start a learned beta at 1.",
        initializer="kaiming_normal",
        gain=_swish_gain(1.0),
        gain_at=_swish_gain,
        initializer_reason="The condition of He et al. (2015), a second moment that stays 1 for a"
        " standard normal argument, solved for the beta at hand by quadrature. ReLU's sqrt(2),"
        " common in practice, loses 29 % of that moment a layer at beta = 1.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-0.23840584,  0.        ,  1.76159416])",
            grad="array([-0.09078425,  0.5       ,  1.09078425])",
            backward="array([-9.07842488e-02,  5.00000000e+00,  1.09078425e+02])",
        ),
        error_bound=error_bounds(),
        elsewhere={
            "torch": "torch.nn.functional.silu (beta=1, fixed)",
            "jax": "jax.nn.swish (beta=1, fixed)",
            "keras": "keras.activations.silu (beta=1, fixed)",
            "onnx": "Swish (alpha for beta)",
        },
    ),
    Function(
        name="gelu",
        summary="The Gaussian error linear unit: the argument times its normal probability.",
        formula="x Φ(x) = x erfc(-x / sqrt(2)) / 2",
        derivative_formula="Φ(x) + x exp(-x² / 2) / sqrt(2 π)",
        domain=(-inf, inf),
        range=(-0.16997120747990366, inf),
        limits=(-0.0, inf),
        saturates=("-inf",),
        max_derivative=1.1289041451851547,
        monotonic=False,
        odd=False,
        zero_centred=False,
        self_gated=True,
        smooth=True,
        source="D. Hendrycks, K. Gimpel (2016), Gaussian error linear units, arXiv 1606.08415;"
        " the exact form, not its tanh approximation.",
        initializer="kaiming_normal",
        gain=1.5335304411955353,
        initializer_reason="The condition of He et al. (2015), a second moment that stays 1 for a"
        " standard normal argument, solved for GELU (as G. Bingham, R. Miikkulainen (2023),"
        " AutoInit, AAAI, do for any activation). ReLU's sqrt(2), common in practice, loses 15 %"
        " of that moment a layer.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-0.04550026,  0.        ,  1.95449974])",
            grad="array([-0.0852318,  0.5      ,  1.0852318])",
            backward="array([-8.52318011e-02,  5.00000000e+00,  1.08523180e+02])",
        ),
        error_bound=error_bounds(),
        elsewhere={
            "torch": "torch.nn.functional.gelu",
            "jax": "jax.nn.gelu (approximate=True: the tanh form)",
            "keras": "keras.activations.gelu",
            "onnx": "Gelu",
        },
    ),
    Function(
        name="gelu_tanh",
        summary="GELU with its normal distribution function approximated by a hyperbolic tangent.",
        formula="x (1 + tanh(u)) / 2 with u = sqrt(2 / π) (x + 0.044715 x³)",
        derivative_formula="s (1 + 2 x u' (1 - s)) with s = 1 / (1 + exp(-2 u))",
        domain=(-inf, inf),
        range=(-0.17004075057125406, inf),
        limits=(-0.0, inf),
        saturates=("-inf",),
        max_derivative=1.1289930686587717,
        monotonic=False,
        odd=False,
        zero_centred=False,
        self_gated=True,
        smooth=True,
        source="D. Hendrycks, K. Gimpel (2016), Gaussian error linear units, arXiv 1606.08415,"
        " section 2. It is within 0.0005 of gelu, but a sixth of it at x = -5.",
        initializer="kaiming_normal",
        gain=1.533580521666147,
        initializer_reason="The condition of He et al. (2015), a second moment that stays 1 for a"
        " standard normal argument, solved by quadrature; it differs from gelu's in the fifth"
        " digit. ReLU's sqrt(2), common in practice, loses 15 % of that moment a layer.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-0.04540231,  0.        ,  1.95459769])",
            grad="array([-0.08609926,  0.5       ,  1.08609926])",
            backward="array([-8.60992566e-02,  5.00000000e+00,  1.08609926e+02])",
        ),
        error_bound=error_bounds(),
        elsewhere={
            "torch": "torch.nn.functional.gelu (approximate='tanh'; exact by default)",
            "jax": "jax.nn.gelu (its default)",
            "keras": "keras.activations.gelu (approximate=True; exact by default)",
            "onnx": "Gelu (approximate='tanh'; exact by default)",
        },
    ),
    Function(
        name="quick_gelu",
        summary="GELU approximated by a sigmoid: swish with beta = 1.702.",
        formula="x / (1 + exp(-1.702 x))",
        derivative_formula="s (1 + 1.702 x (1 - s)) with s = 1 / (1 + exp(-1.702 x))",
        domain=(-inf, inf),
        range=(-0.16361018963635357, inf),
        limits=(-0.0, inf),
        saturates=("-inf",),
        max_derivative=1.099839320128867,
        monotonic=False,
        odd=False,
        zero_centred=False,
        self_gated=True,
        smooth=True,
        source="D. Hendrycks, K. Gimpel (2016), Gaussian error linear units, arXiv 1606.08415,"
        " section 2; used by CLIP (A. Radford et al., 2021). It is within 0.0204 of gelu.",
        initializer="kaiming_normal",
        gain=1.5394587622988314,
        initializer_reason="The condition of He et al. (2015), a second moment that stays 1 for a"
        " standard normal argument, solved by quadrature. ReLU's sqrt(2), common in practice,"
        " loses 16 % of that moment a layer.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-0.06434138,  0.        ,  1.93565862])",
            grad="array([-0.07381535,  0.5       ,  1.07381535])",
            backward="array([-7.38153543e-02,  5.00000000e+00,  1.07381535e+02])",
        ),
        error_bound=error_bounds(),
        elsewhere={
            "transformers": "transformers.activations.QuickGELUActivation",
            "onnxruntime": "com.microsoft.QuickGelu (alpha=1.702)",
        },
    ),
    Function(
        name="mish",
        summary="The argument times the hyperbolic tangent of its softplus.",
        formula="x tanh(log(1 + exp(x)))",
        derivative_formula="t + x s (1 - t²), t = tanh(log(1 + e^x)), s = 1 / (1 + e^-x)",
        domain=(-inf, inf),
        range=(-0.30884341301725043, inf),
        limits=(-0.0, inf),
        saturates=("-inf",),
        max_derivative=1.088498161251728,
        monotonic=False,
        odd=False,
        zero_centred=False,
        self_gated=True,
        smooth=True,
        source="D. Misra (2020), Mish: a self regularized non-monotonic activation function, BMVC;"
        " arXiv 1908.08681.",
        initializer="kaiming_normal",
        gain=1.486847581273208,
        initializer_reason="The condition of He et al. (2015), a second moment that stays 1 for a"
        " standard normal argument, solved by quadrature. ReLU's sqrt(2), common in practice,"
        " loses 10 % of that moment a layer.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([-0.25250148,  0.        ,  1.94395896])",
            grad="array([-0.10835509,  0.6       ,  1.06931793])",
            backward="array([ -0.10835509,   6.        , 106.93179343])",
        ),
        error_bound=error_bounds(),
        elsewhere={
            "torch": "torch.nn.functional.mish",
            "jax": "jax.nn.mish",
            "keras": "keras.activations.mish",
            "onnx": "Mish",
        },
    ),
    Function(
        name="lisht",
        summary="The argument times its hyperbolic tangent: even, and near |x| far out.",
        formula="x tanh(x)",
        derivative_formula="tanh(x) + x / cosh(x)²",
        domain=(-inf, inf),
        range=(0.0, inf),
        limits=(inf, inf),
        saturates=(),
        max_derivative=1.1996786402577337,
        monotonic=False,
        odd=False,
        zero_centred=False,
        self_gated=False,
        smooth=True,
        source="S. K. Roy, S. Manna, S. R. Dubey, B. B. Chaudhuri (2019), LiSHT: non-parametric"
        " linearly scaled hyperbolic tangent activation function for neural networks,"
        " arXiv 1901.05894.",
        initializer="kaiming_normal",
        gain=1.1486744199859424,
        initializer_reason=f"{HE_CONDITION} 1.149;"
        " ReLU's sqrt(2) would raise that moment by 52 % a layer. Half of the moment, 0.484 of it,"
        " is the square of the mean, which no gain removes.",
        example=Example(
            at="[-2.0, 0.0, 2.0]",
            value="array([1.92805516, 0.        , 1.92805516])",
            grad="array([-1.10532923,  0.        ,  1.10532923])",
            backward="array([ -1.10532923,   0.        , 110.53292298])",
        ),
        error_bound=error_bounds(),
        elsewhere={"tensorflow_addons": "tfa.activations.lisht"},
    ),
)
