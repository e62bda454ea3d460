"""The torch modules: torch's arguments, attributes and state; what they compute; their copies."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest
import torch
from torch_subjects import same

from ogive import catalog
from ogive.torch import functional, nn

# Class, arguments, and the function of ogive.torch.functional that it calls.
TORCHS = [
    ("Sigmoid", {}, "sigmoid"),
    ("LogSigmoid", {}, "logsigmoid"),
    ("Tanh", {}, "tanh"),
    ("Softsign", {}, "softsign"),
    ("Softplus", {}, "softplus"),
    ("Softplus", {"beta": 2.0, "threshold": 5.0}, "softplus"),
    ("Hardsigmoid", {}, "hardsigmoid"),
    ("Hardsigmoid", {"inplace": True}, "hardsigmoid"),
    ("Hardtanh", {}, "hardtanh"),
    ("Hardtanh", {"min_val": -0.5, "max_val": 2.0, "inplace": True}, "hardtanh"),
    ("ReLU", {}, "relu"),
    ("ReLU", {"inplace": True}, "relu"),
    ("ReLU6", {}, "relu6"),
    ("ReLU6", {"inplace": True}, "relu6"),
    ("LeakyReLU", {}, "leaky_relu"),
    ("LeakyReLU", {"negative_slope": 0.2, "inplace": True}, "leaky_relu"),
    ("PReLU", {}, "prelu"),
    ("PReLU", {"num_parameters": 5, "init": 0.1}, "prelu"),
    ("RReLU", {}, "rrelu"),
    ("RReLU", {"lower": 0.1, "upper": 0.3, "inplace": True}, "rrelu"),
    ("Threshold", {"threshold": 0.5, "value": -1.0}, "threshold"),
    ("Threshold", {"threshold": 0.5, "value": -1.0, "inplace": True}, "threshold"),
    ("Hardswish", {"inplace": True}, "hardswish"),
    ("ELU", {}, "elu"),
    ("ELU", {"alpha": 0.5, "inplace": True}, "elu"),
    ("CELU", {"alpha": 0.5, "inplace": True}, "celu"),
    ("SELU", {"inplace": True}, "selu"),
    ("Softshrink", {"lambd": 0.25}, "softshrink"),
    ("Hardshrink", {"lambd": 0.25}, "hardshrink"),
    ("Tanhshrink", {}, "tanhshrink"),
    ("SiLU", {"inplace": True}, "silu"),
    ("GELU", {}, "gelu"),
    ("GELU", {"approximate": "tanh"}, "gelu"),
    ("Mish", {"inplace": True}, "mish"),
    ("Softmax", {"dim": 1}, "softmax"),
    ("Softmin", {"dim": 1}, "softmin"),
    ("LogSoftmax", {"dim": -1}, "log_softmax"),
    ("Softmax2d", {}, "softmax"),
]
OWN = [
    ("Logit", {"eps": 0.1}, "logit"),
    ("Odds", {}, "odds"),
    ("Log1mexp", {}, "log1mexp"),
    ("Squareplus", {"b": 1.0}, "squareplus"),
    ("ReLUSquared", {}, "relu_squared"),
    ("GELUTanh", {}, "gelu_tanh"),
    ("QuickGELU", {}, "quick_gelu"),
    ("LiSHT", {}, "lisht"),
    ("Swish", {"num_parameters": 5, "beta": 2.0}, "swish"),
    ("SRS", {"alpha": 4.0, "beta": 2.0}, "srs"),
    ("PDELU", {"alpha": 0.5, "t": 0.5}, "pdelu"),
    ("ABReLU", {}, "abrelu"),
    ("ABReLU", {"threshold": 0.5}, "abrelu"),
    ("PAU", {"b4": 1.0}, "pau"),
    ("XIELU", {"alpha_p": 0.5, "alpha_n": 1.2, "beta": 0.3}, "xielu"),
]
LEARNED = ["PReLU", "Swish", "SRS", "PDELU", "PAU", "XIELU"]

torchs = pytest.mark.parametrize(("name", "arguments", "function"), TORCHS, ids=str)
every_module = pytest.mark.parametrize(("name", "arguments", "function"), TORCHS + OWN, ids=str)


def sample() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 5, 3, generator=generator, dtype=torch.float64) * 2.0


def build(name: str, arguments: dict, module=nn) -> torch.nn.Module:
    # In training RReLU draws its slopes: here it is compared.
    return getattr(module, name)(**arguments).double().eval()


def test_every_module_is_tested_and_every_function_has_one():
    classes = {name for family in nn.MODULES.values() for name in [family.__name__]}
    classes |= {"Softmax", "Softmin", "LogSoftmax", "Softmax2d"}
    assert {name for name, _, _ in TORCHS + OWN} == classes
    assert list(nn.MODULES) == list(catalog.CATALOG)
    for name in classes:
        assert name in nn.__all__


def test_every_activation_module_of_torchs_is_ogives():
    theirs = {
        name
        for name, thing in vars(torch.nn.modules.activation).items()
        if inspect.isclass(thing) and thing.__module__ == "torch.nn.modules.activation"
    }
    # The gate and attention are no elementwise functions.
    assert {name for name, _, _ in TORCHS} == theirs - {"GLU", "MultiheadAttention"}


@torchs
def test_modules_are_torchs_in_all_but_the_computation(name: str, arguments: dict, function: str):
    own, theirs = getattr(nn, name)(**arguments), getattr(torch.nn, name)(**arguments)
    assert repr(own) == repr(theirs)
    assert isinstance(own, type(theirs))
    assert inspect.signature(type(own)) == inspect.signature(type(theirs))
    attributes = {key: value for key, value in vars(own).items() if key[0] != "_"}
    assert attributes == {key: value for key, value in vars(theirs).items() if key[0] != "_"}
    own.load_state_dict(theirs.state_dict())
    assert list(own.state_dict()) == list(theirs.state_dict())


@torchs
def test_modules_compute_what_torchs_do(name: str, arguments: dict, function: str):
    x = sample()
    own = build(name, arguments)(x.clone())
    # Torch's identity beyond the threshold is not compared.
    beyond = {"threshold": 100} if name == "Softplus" else {}
    theirs = build(name, {**arguments, **beyond}, torch.nn)
    torch.testing.assert_close(own, theirs(x.clone()))


@every_module
def test_modules_call_ogives_functions(
    name: str, arguments: dict, function: str, monkeypatch: pytest.MonkeyPatch
):
    module = getattr(nn, name)(**arguments)
    calls = []
    bound = inspect.signature(getattr(functional, function))
    monkeypatch.setattr(
        functional, function, lambda *given: calls.append(bound.bind(*given).arguments)
    )
    x = torch.zeros(1, 5, 1)
    module(x)
    (call,) = calls
    assert call.pop("input") is x
    if name not in LEARNED:
        assert {key: call[key] for key in arguments} == arguments


@every_module
def test_copies(name: str, arguments: dict, function: str):
    own = build(name, arguments)
    assert type(own).__module__ == "ogive.torch.nn"
    x = sample()
    for twin in (copy.deepcopy(own), pickle.loads(pickle.dumps(own))):
        assert type(twin) is type(own)
        assert repr(twin) == repr(own)
        assert same(twin(x.clone()), own(x.clone()))


def test_rrelu_draws_in_training_only():
    module = nn.RReLU()
    x = torch.full((100,), -1.0)
    assert module.train()(x).unique().numel() > 50
    assert module.eval()(x).unique().numel() == 1


def test_representations_of_what_torch_has_not():
    assert repr(nn.Logit()) == "Logit(eps=None)"
    assert repr(nn.Squareplus(0.5)) == "Squareplus(b=0.5)"
    assert repr(nn.ABReLU()) == "ABReLU(threshold=None)"
    assert repr(nn.Swish(3)) == "Swish(num_parameters=3)"
    assert repr(nn.XIELU()) == "XIELU(num_parameters=1, beta=0.5)"


def test_softmax2d_is_over_the_channels():
    with pytest.raises(ValueError, match="3 or 4 dimensions, not of 2"):
        nn.Softmax2d()(torch.zeros(2, 2))
    assert torch.equal(nn.Softmax2d()(torch.zeros(1, 4, 2, 2)), torch.full((1, 4, 2, 2), 0.25))


def test_abrelu_takes_the_mean_of_each_sample():
    x = torch.randn(4, 3, 2, 2)
    whole = nn.ABReLU()(x)
    alone = torch.cat([nn.ABReLU()(x[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(whole, alone)
    torch.testing.assert_close(whole[0], torch.relu(x[0] - x[0].mean()))
    torch.testing.assert_close(nn.ABReLU()(x[0, 0, 0]), torch.relu(x[0, 0, 0] - x[0, 0, 0].mean()))
    assert nn.ABReLU()(torch.tensor(3.0)).item() == 0.0
