"""How it is seen that a tensor came out of a probability function."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest
import torch
from head_cases import (
    LOGARITHMS,
    PROBABILITIES,
    K,
    N,
    normal,
)

from ogive.torch import ancestry, functional
from ogive.torch.ancestry import applied_before, mark

# ---- how a probability is recognised ---------------------------------------------------------

TRANSPARENT: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "nothing": lambda p: p,
    "view": lambda p: p.view(-1),
    "reshape": lambda p: p.T.reshape(-1),
    "flatten": lambda p: p.flatten(),
    "transpose": lambda p: p.transpose(0, 1),
    "permute": lambda p: p.permute(1, 0),
    "squeeze": lambda p: p[:, :1].squeeze(),
    "unsqueeze": lambda p: p.unsqueeze(0),
    "expand": lambda p: p[:1].expand(3, -1),
    "contiguous": lambda p: p.T.contiguous(),
    "cast": lambda p: p.float().bfloat16(),
    "clone": lambda p: p.clone(),
    "index": lambda p: p[torch.tensor([0, 2])],
    "mask": lambda p: p[p > 0],
    "select": lambda p: p.select(0, 1),
    "gather": lambda p: p.gather(1, torch.zeros(N, 1, dtype=torch.int64)),
    "cat": lambda p: torch.cat([p, p[:1]]),
    "stack": lambda p: torch.stack([p, p]),
    "unbind": lambda p: p.unbind()[1],
    "split": lambda p: p.split(2)[0],
    "clamp": lambda p: p.clamp(1e-6, 1 - 1e-6),
    "roll": lambda p: p.roll(1, 0).flip(1),
    "repeat": lambda p: p.repeat(2, 1),
    "copy": lambda p: torch.empty_like(p).copy_(p),
    "deep": lambda p: p.view(-1)[1:].double().unsqueeze(0).clamp(min=0.1).clone(),
}


@pytest.mark.parametrize("way", TRANSPARENT)
@pytest.mark.parametrize("name", [*PROBABILITIES, *LOGARITHMS])
def test_a_probability_is_seen_through_what_leaves_it_one(name: str, way: str) -> None:
    x = normal(N, K).requires_grad_()
    p = {**PROBABILITIES, **LOGARITHMS}[name](x)
    assert applied_before(TRANSPARENT[way](p)) == name.removeprefix("ogive ")


OPAQUE: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "logits": lambda x: x,
    "layer": lambda x: x.sigmoid() @ torch.ones(K, 2, dtype=x.dtype),
    "scaled": lambda x: 3 * x.sigmoid(),
    "shifted": lambda x: x.softmax(1) - 0.5,
    "gate": lambda x: x * x.sigmoid(),
    "silu": functional.silu,
    "logit": lambda x: functional.logit(x.sigmoid()),
    "mixed": lambda x: torch.cat([x, x.sigmoid()]),
    "two kinds": lambda x: torch.cat([x.softmax(1), x.sigmoid()]),
    "before": lambda x: x.sigmoid().tanh(),
    "detached": lambda x: x.sigmoid().detach(),
    "softplus": functional.softplus,
}


@pytest.mark.parametrize("name", OPAQUE)
def test_what_is_no_probability_is_not_taken_for_one(name: str) -> None:
    assert applied_before(OPAQUE[name](normal(N, K).requires_grad_())) is None


def test_a_long_chain_and_a_wide_one() -> None:
    p = normal(N, K).requires_grad_().sigmoid()
    for _ in range(3000):
        p = p.view(-1)
    assert applied_before(p) == "sigmoid"
    q = normal(2).requires_grad_().sigmoid()
    for _ in range(40):  # 2 to the 40 paths
        q = torch.stack([q, q])[0]
    assert applied_before(q) == "sigmoid"


def test_marks() -> None:
    p = torch.full((3,), 0.5)
    assert applied_before(p) is None
    assert mark(p, "softmax") is p
    assert applied_before(p) == "softmax"
    assert applied_before(p[1:].view(2, 1)) == "softmax"
    assert applied_before(p.clone()) is None
    view = mark(torch.full((3,), 0.5), "sigmoid")[1:]
    assert applied_before(view) == "sigmoid"
    view.logit_()  # what it holds are logits now
    assert applied_before(view) is None
    with torch.inference_mode():
        assert applied_before(mark(torch.ones(1), "sigmoid")) == "sigmoid"
    gc.collect()
    before = len(ancestry._marked)
    del p, view
    gc.collect()
    assert len(ancestry._marked) == before - 2
    with pytest.raises(ValueError, match="not 'tanh'"):
        mark(torch.zeros(1), "tanh")
    with pytest.raises(TypeError, match="not list"):
        applied_before([0.5])
