"""The torch functions and memory: layouts, what is shared and saved, kinds of tensors."""

from __future__ import annotations

import pytest
import torch
from torch_subjects import Subject, every_subject, grad, layouts

from ogive.torch import functional
from ogive.torch.autograd import EXTENSION
from ogive.torch.functional import logistic


@every_subject
def test_any_layout(subject: Subject):
    for kind, x in layouts(subject.sample(2, 3, 4, 5)).items():
        dense = x.clone(memory_format=torch.contiguous_format)
        assert torch.equal(subject(x), subject(dense)), kind
        assert subject(x).stride() == torch.empty_like(x).stride(), kind
        assert torch.equal(grad(subject, x), grad(subject, dense)), kind


@every_subject
def test_gradients_of_any_layout(subject: Subject):
    x = subject.sample(2, 3, 4, 5).requires_grad_()
    for kind, incoming in layouts(torch.randn(2, 3, 4, 5)).items():
        (got,) = torch.autograd.grad(subject(x), x, incoming)
        (expected,) = torch.autograd.grad(subject(x), x, incoming.contiguous())
        assert torch.equal(got, expected), kind


@pytest.mark.skipif(EXTENSION is not None, reason="the extension calls the loops by itself")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_native_loops_read_and_write_the_tensors_own_memory(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
):
    addresses = []
    for attribute in ("_value_loop", "_backward_loop"):
        loop = getattr(logistic._tanh, attribute)

        def spy(kind, threads, count, *given, run=loop._run):
            addresses.append((count, *given))
            run(kind, threads, count, *given)

        monkeypatch.setattr(loop, "_run", spy)
    x = torch.randn(4, 8).to(dtype).requires_grad_()
    y = functional.tanh(x)
    incoming = torch.randn(4, 8).to(dtype)
    (slope,) = torch.autograd.grad(y, x, incoming)
    assert addresses == [
        (32, x.data_ptr(), y.data_ptr()),
        (32, incoming.data_ptr(), x.data_ptr(), slope.data_ptr()),
    ]


@every_subject
def test_one_tensor_is_saved_and_no_copy(subject: Subject):
    saved: list[torch.Tensor] = []
    x = subject.sample(10).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(
        lambda tensor: saved.append(tensor) or tensor, lambda tensor: tensor
    ):
        y = subject(x)
    # relu's derivative is that at its result, which the next layer may save as well.
    kept = y if subject.name == "relu" else x
    assert [tensor.data_ptr() for tensor in saved] == [kept.data_ptr()]


def test_no_graph_where_none_is_wanted():
    x = torch.randn(3, requires_grad=True)
    with torch.no_grad():
        assert not functional.silu(x).requires_grad
    with torch.inference_mode():
        assert functional.silu(x).is_inference()
    assert not functional.silu(x.detach()).requires_grad
    assert functional.silu(x).requires_grad


def test_parameters_are_plain_tensors():
    parameter = torch.nn.Parameter(torch.randn(3))
    result = functional.elu(parameter)
    assert type(result) is torch.Tensor
    assert torch.equal(result.detach(), functional.elu(parameter.detach()))


def test_lazily_negated_tensors():
    x = torch.complex(torch.zeros(4), torch.tensor([1.0, -2.0, 3.0, -4.0])).conj().imag
    assert x.is_neg()
    torch.testing.assert_close(functional.sigmoid(x), torch.sigmoid(x))
