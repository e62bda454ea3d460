"""Torch's protocol for subclasses, modes and graphs: they see Ogive's functions by name."""

from __future__ import annotations

import pickle

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch_subjects import FUNCTIONS, ROWS, grad

import ogive.torch.nn as nn
from ogive.torch import functional

ARGUMENTS = {
    **dict.fromkeys(ROWS, (0,)),
    "prelu": (torch.tensor([0.25]),),
    "threshold": (0.5, 0.0),
    "threshold_": (0.5, 0.0),
}


class Watch(TorchFunctionMode):
    """Keeps the functions that it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[object] = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.seen.append(function)
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_mode_sees_the_function_itself(name: str):
    function = getattr(functional, name)
    x = torch.rand(3) * 0.9
    expected = function(x.clone(), *ARGUMENTS.get(name, ()))
    with Watch() as watch:
        result = function(x.clone(), *ARGUMENTS.get(name, ()))
    assert [seen for seen in watch.seen if seen is not torch.Tensor.clone] == [function]
    assert torch.equal(result, expected)


class Marked(torch.Tensor):
    """A subclass that gives torch's operations its class."""


def test_subclasses_keep_their_class_and_get_the_right_numbers():
    x = torch.randn(5).as_subclass(Marked).requires_grad_()
    y = functional.gelu(x)
    assert type(y) is Marked
    plain = x.detach().as_subclass(torch.Tensor)
    torch.testing.assert_close(y.detach().as_subclass(torch.Tensor), functional.gelu(plain))
    y.sum().backward()
    torch.testing.assert_close(x.grad.as_subclass(torch.Tensor), grad(functional.gelu, plain))


class Logged(torch.Tensor):
    """A subclass that answers for itself."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return (function.__name__, len(args), kwargs)


def test_a_subclass_is_asked_wherever_it_stands():
    special, plain = torch.ones(3).as_subclass(Logged), torch.ones(3)
    assert functional.silu(special) == ("silu", 1, {})
    assert functional.silu(input=special, inplace=True)[0] == "silu"
    assert functional.swish(plain, special) == ("swish", 2, {})
    assert functional.swish(plain, beta=special)[0] == "swish"
    assert functional.prelu(plain, special) == ("prelu", 2, {})
    assert functional.hard_tanh(special) == ("hardtanh", 1, {})


def test_symbolic_graphs_name_the_functions():
    network = nn.Sequential(nn.Conv1d(2, 4, 2), nn.SiLU(), nn.Swish(4), nn.XIELU(), nn.Softmax(1))
    graph = torch.fx.symbolic_trace(network)
    targets = {node.target for node in graph.graph.nodes if node.op == "call_function"}
    assert {functional.silu, functional.softmax} <= targets
    x = torch.randn(3, 2, 5)
    assert torch.equal(graph(x), network(x))
    assert torch.equal(pickle.loads(pickle.dumps(graph))(x), network(x))


def test_a_missing_argument_is_named_by_the_function():
    with pytest.raises(TypeError, match=r"silu\(\) missing 1 required positional argument"):
        functional.silu()
    with pytest.raises(TypeError, match=r"silu\(\) got an unexpected keyword argument 'beta'"):
        functional.silu(torch.ones(1), beta=2.0)
