"""The torch functions compiled, exported, traced and on devices without memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch_subjects import IN_PLACE, SUBJECTS, TORCHS_OWN_WARNINGS, Subject

from ogive.torch import functional

pytestmark = TORCHS_OWN_WARNINGS


@pytest.fixture(autouse=True)
def _forget_compiled_code() -> Iterator[None]:
    yield
    torch.compiler.reset()


def compiled(function):
    return torch.compile(function, backend="aot_eager", fullgraph=True)


# All functions are compiled in tests/test_torch_network.py, as modules.
HALF = [Subject("sigmoid"), Subject("gelu"), Subject("elu", (0.5,)), Subject("pau")]


def test_half_types_compile():
    def every(*arguments: torch.Tensor) -> list[torch.Tensor]:
        return [subject(x * 1.0) * 2.0 for subject, x in zip(HALF, arguments, strict=True)]

    arguments = [subject.sample(64, dtype=torch.bfloat16).requires_grad_() for subject in HALF]
    traced, eager = compiled(every)(*arguments), every(*arguments)
    slopes = [
        torch.autograd.grad(sum(y.sum() for y in results), arguments) for results in (traced, eager)
    ]
    torch.testing.assert_close(traced, eager)
    torch.testing.assert_close(*slopes)


def test_every_function_compiles_in_place():
    def every(x: torch.Tensor) -> list[torch.Tensor]:
        return [subject.ours(x * 1.0, *subject.parameters, inplace=True) for subject in IN_PLACE]

    x = (torch.randn(16, generator=torch.Generator().manual_seed(0)) * 2.0).requires_grad_()
    traced, eager = compiled(every)(x), every(x)
    for subject, ours, expected in zip(IN_PLACE, traced, eager, strict=True):
        torch.testing.assert_close(ours, expected, msg=str(subject))
    for results in (traced, eager):
        torch.stack(results).sum().backward()
        slope, x.grad = x.grad, None
        if results is traced:
            first = slope
    torch.testing.assert_close(first, slope)


def test_tensor_parameters_compile_with_their_gradients():
    def every(x: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return (
            functional.swish(x, a)
            + functional.prelu(x, b)
            + functional.celu(x, b[:, None])
            + functional.srs(x, a, 1.5)
        )

    generator = torch.Generator().manual_seed(2)
    x = torch.randn(2, 3, 4, generator=generator, dtype=torch.float64).requires_grad_()
    a = torch.tensor(1.2, dtype=torch.float64, requires_grad=True)
    b = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64, requires_grad=True)
    results = [function(x, a, b) for function in (compiled(every), every)]
    torch.testing.assert_close(*results, rtol=1e-12, atol=1e-14)
    slopes = [torch.autograd.grad(y.square().sum(), (x, a, b)) for y in results]
    torch.testing.assert_close(*slopes, rtol=1e-11, atol=1e-13)


def test_exports():
    class Network(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return functional.softmax(functional.gelu(functional.swish(x, x.mean())), 1)

    x = torch.randn(3, 4)
    program = torch.export.export(Network(), (x,))
    torch.testing.assert_close(program.module()(x), Network()(x))


def test_other_devices_take_the_portable_path():
    x = torch.empty(3, 4, device="meta", requires_grad=True)
    for subject in SUBJECTS:
        y = subject(x)
        assert y.is_meta
        assert y.shape == x.shape
        (slope,) = torch.autograd.grad(y, x, torch.ones_like(y))
        assert slope.is_meta
