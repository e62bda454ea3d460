"""An activation and the linear layer behind it: the same numbers from half the memory."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from ogive.torch import functional, nn
from ogive.torch.fused import ActivationLinear, activation_linear

ACTIVATIONS = [functional.relu, functional.tanh, functional.gelu, torch.sigmoid]


def tensors(*shape: int, dtype: torch.dtype = torch.float64) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    sizes = [(*shape, 5), (4, 5), (4,)]
    return [torch.randn(size, generator=generator, dtype=dtype).requires_grad_() for size in sizes]


def apart(activation: Callable, *given: torch.Tensor) -> torch.Tensor:
    x, weight, *bias = given
    return torch.nn.functional.linear(activation(x), weight, *bias)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("shape", [(3,), (2, 3), ()], ids=str)
@pytest.mark.parametrize("bias", [True, False])
def test_values_and_gradients(activation: Callable, shape: tuple[int, ...], bias: bool):
    given = tensors(*shape)[: 3 if bias else 2]
    x, weight, *rest = given
    own = activation_linear(x, weight, *(rest or [None]), activation)
    both = apart(activation, *given)
    torch.testing.assert_close(own, both, rtol=0, atol=0)
    incoming = torch.randn_like(both)
    for got, expected in zip(
        torch.autograd.grad(own, given, incoming),
        torch.autograd.grad(both, given, incoming),
        strict=True,
    ):
        torch.testing.assert_close(got, expected)


@pytest.mark.parametrize("wanted", [(0,), (1,), (2,), (0, 2)], ids=str)
def test_only_the_gradients_that_are_asked_for(wanted: tuple[int, ...]):
    given = [t.detach().requires_grad_(i in wanted) for i, t in enumerate(tensors(3))]
    activation_linear(*given, functional.tanh).sum().backward()
    expected = [t.detach().requires_grad_(i in wanted) for i, t in enumerate(given)]
    apart(functional.tanh, *expected).sum().backward()
    for got, right in zip(given, expected, strict=True):
        assert (got.grad is None) == (right.grad is None)
        if got.grad is not None:
            torch.testing.assert_close(got.grad, right.grad)


def test_gradients_of_both_orders():
    given = tensors(3)
    assert gradcheck(lambda *t: activation_linear(*t, functional.tanh), given)
    assert gradgradcheck(lambda *t: activation_linear(*t, functional.tanh), given)


def test_learned_parameters_learn():
    layer = ActivationLinear(torch.nn.PReLU(5, dtype=torch.float64), 5, 4, dtype=torch.float64)
    twin = copy.deepcopy(layer)
    x = tensors(7)[0]
    layer(x).square().sum().backward()
    y = torch.nn.functional.linear(twin.activation(x), twin.weight, twin.bias)
    y.square().sum().backward()
    assert layer.activation.weight.grad.abs().min() > 0
    for got, expected in zip(layer.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(got.grad, expected.grad)


def saved_between(network: torch.nn.Module, x: torch.Tensor) -> int:
    """Bytes that a network keeps for its backward pass, but for its parameters and its input."""
    known = {t.untyped_storage().data_ptr() for t in (x, *network.parameters())}
    storages = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        network(x)
    return sum(storages.values())


@pytest.mark.parametrize("name", ["Sigmoid", "Tanh", "GELU", "SiLU", "ELU", "Softplus"])
def test_one_tensor_between_two_layers(name: str):
    first, second = torch.nn.Linear(16, 32), torch.nn.Linear(32, 8)
    activation = getattr(nn, name)()
    fused = ActivationLinear(activation, 32, 8)
    fused.load_state_dict(second.state_dict())
    x = torch.randn(10, 16)
    one = torch.nn.Sequential(first, fused)
    two = torch.nn.Sequential(first, activation, second)
    torch.testing.assert_close(one(x), two(x))
    size = 10 * 32 * 4
    assert saved_between(one, x) == size
    assert saved_between(two, x) == 2 * size


def test_relu_and_a_linear_layer_keep_one_tensor_as_they_are():
    network = torch.nn.Sequential(torch.nn.Linear(16, 32), nn.ReLU(), torch.nn.Linear(32, 8))
    assert saved_between(network, torch.randn(10, 16)) == 10 * 32 * 4


def test_random_slopes_are_not_drawn_again():
    layer = ActivationLinear(nn.RReLU(), 5, 4, dtype=torch.float64).train()
    x = tensors(7)[0]
    torch.manual_seed(0)
    layer(x).sum().backward()
    torch.manual_seed(0)
    y = torch.nn.functional.rrelu(x.detach(), training=True)
    torch.testing.assert_close(layer.weight.grad, y.sum(0).expand(4, 5))


def test_state_dict_is_that_of_a_linear_layer():
    layer = ActivationLinear(nn.Tanh(), 5, 4)
    assert list(layer.state_dict()) == ["weight", "bias"]
    torch.manual_seed(0)
    plain = torch.nn.Linear(5, 4)
    torch.manual_seed(0)
    assert torch.equal(ActivationLinear(nn.Tanh(), 5, 4).weight, plain.weight)
    assert ActivationLinear(nn.Tanh(), 5, 4, bias=False).bias is None


def test_autocast_computes_in_its_dtype():
    x, weight, bias = tensors(3, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        own = activation_linear(x, weight, bias, functional.tanh)
        both = apart(functional.tanh, x, weight, bias)
    assert own.dtype is both.dtype is torch.bfloat16
    torch.testing.assert_close(own, both, rtol=0.05, atol=0.05)
    own.sum().backward()
    assert weight.grad.dtype is torch.float32


def test_transforms_and_compiler():
    x, weight, bias = (t.detach() for t in tensors(3))

    def loss(w: torch.Tensor) -> torch.Tensor:
        return activation_linear(x, w, bias, functional.tanh).square().sum()

    expected = torch.autograd.functional.jacobian(
        lambda w: apart(functional.tanh, x, w, bias).square().sum(), weight
    )
    torch.testing.assert_close(torch.func.grad(loss)(weight), expected)
    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(weight), loss(weight))
    torch.compiler.reset()


def test_bad_input():
    with pytest.raises(TypeError, match=r"activation is a torch\.nn\.Module, not str 'relu'"):
        ActivationLinear("relu", 5, 4)
    with pytest.raises(TypeError, match="activation is a function or module, not str"):
        activation_linear(torch.ones(2, 2), torch.ones(2, 2), activation="relu")
    x = torch.ones(2, 2, requires_grad=True) * 1.0
    for activation in (torch.nn.ELU(inplace=True), torch.relu_):
        with pytest.raises(ValueError, match="the activation works in place"):
            activation_linear(x, torch.ones(2, 2), activation=activation)
