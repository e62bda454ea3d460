"""Gated linear units: a value times an activation of its gate, as functions and as modules.

Each is one fused pass over memory, forwards and backwards, and saves nothing but its input: the
activation is computed anew for the gradient (`docs/torch_gates.md` has the bytes beside those of
torch's plain expressions).

Which half is the gate is not agreed on in published code. `torch.nn.functional.glu` has the value
first and the gate last, and so do all functions here. Where one matrix holds both projections of
a SwiGLU as LLaMA has them, the gate comes first: `gate="first"`.

Source: Dauphin et al., "Language modeling with gated convolutional networks", ICML 2017; Shazeer,
"GLU variants improve transformer", arXiv 2002.05202.
"""

from __future__ import annotations

from ogive.torch.gates.functions import gated, geglu, glu, reglu, swiglu
from ogive.torch.gates.modules import GEGLU, GLU, ReGLU, SwiGLU

__all__ = ["GEGLU", "GLU", "ReGLU", "SwiGLU", "gated", "geglu", "glu", "reglu", "swiglu"]
