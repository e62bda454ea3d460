"""Records of the smooth self-gated functions: the argument times a sigmoid of itself."""

from __future__ import annotations

from math import inf

from ogive.catalog.record import Example, Function, error_bounds

FUNCTIONS = (
    Function(
        name="silu",
        summary="The sigmoid linear unit, or swish: the argument gated by its own sigmoid.",
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
        aliases=("swish",),
        elsewhere={
            "torch": "torch.nn.functional.silu",
            "jax": "jax.nn.silu",
            "keras": "keras.activations.silu",
            "onnx": "Swish (alpha=1)",
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
)
