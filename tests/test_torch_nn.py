"""The torch modules: torch's arguments, attributes and names, and a changed import."""

from __future__ import annotations

import copy
import doctest
import inspect
import pickle
import subprocess
import sys
from importlib import import_module

import pytest
import torch

from ogive import catalog
from ogive.torch import functional, nn

CLASSES = [name for name in nn.__all__ if inspect.isclass(getattr(nn, name))]
TORCHS = [name for name in CLASSES if name != "Logit"]

CONFIGURED = [
    ("Sigmoid", {}),
    ("LogSigmoid", {}),
    ("Tanh", {}),
    ("Softplus", {}),
    ("Softplus", {"beta": 2.0, "threshold": 5.0}),
    ("ReLU", {}),
    ("ReLU", {"inplace": True}),
    ("LeakyReLU", {}),
    ("LeakyReLU", {"negative_slope": 0.2, "inplace": True}),
    ("ELU", {}),
    ("ELU", {"alpha": 0.5, "inplace": True}),
    ("SiLU", {"inplace": True}),
    ("GELU", {}),
    ("GELU", {"approximate": "tanh"}),
    ("Softmax", {"dim": 1}),
    ("LogSoftmax", {"dim": -1}),
]
configured = pytest.mark.parametrize(("name", "arguments"), CONFIGURED, ids=str)


def test_every_module_is_tested_and_every_function_has_one():
    assert {name for name, _ in CONFIGURED} == set(TORCHS)
    assert {type(nn.activation(name)).__name__ for name in nn.MODULES} <= set(CLASSES)
    assert set(nn.MODULES) <= set(catalog.CATALOG)


@configured
def test_modules_are_torchs_in_all_but_the_computation(name: str, arguments: dict):
    own, theirs = getattr(nn, name)(**arguments), getattr(torch.nn, name)(**arguments)
    assert repr(own) == repr(theirs)
    assert isinstance(own, type(theirs))
    assert inspect.signature(type(own)) == inspect.signature(type(theirs))
    assert type(own).__module__ == "ogive.torch.nn"
    attributes = {key: value for key, value in vars(own).items() if key[0] != "_"}
    assert attributes == {key: value for key, value in vars(theirs).items() if key[0] != "_"}
    assert list(own.state_dict()) == list(own.parameters()) == []


@configured
def test_modules_compute_what_torchs_do(name: str, arguments: dict):
    x = torch.randn(4, 5, dtype=torch.float64)
    own = getattr(nn, name)(**arguments)(x.clone())
    theirs = getattr(torch.nn, name)(
        **{**arguments, **({"threshold": 100} if name == "Softplus" else {})}
    )
    torch.testing.assert_close(own, theirs(x.clone()))


@configured
def test_modules_call_ogives_functions(name: str, arguments: dict, monkeypatch: pytest.MonkeyPatch):
    function = {
        "Sigmoid": "sigmoid",
        "LogSigmoid": "logsigmoid",
        "Tanh": "tanh",
        "Softplus": "softplus",
        "ReLU": "relu",
        "LeakyReLU": "leaky_relu",
        "ELU": "elu",
        "SiLU": "silu",
        "GELU": "gelu",
        "Softmax": "softmax",
        "LogSoftmax": "log_softmax",
    }[name]
    calls = []
    bound = inspect.signature(getattr(functional, function))
    monkeypatch.setattr(
        functional, function, lambda *given: calls.append(bound.bind(*given).arguments)
    )
    x = torch.zeros(1)
    getattr(nn, name)(**arguments)(x)
    (call,) = calls
    assert call.pop("input") is x
    assert {key: call[key] for key in arguments} == arguments


@configured
def test_copies(name: str, arguments: dict):
    own = getattr(nn, name)(**arguments)
    x = torch.randn(3, 4)
    for twin in (copy.deepcopy(own), pickle.loads(pickle.dumps(own))):
        assert type(twin) is type(own)
        assert repr(twin) == repr(own)
        assert torch.equal(twin(x.clone()), own(x.clone()))


def test_logit():
    assert repr(nn.Logit()) == "Logit(eps=None)"
    assert repr(nn.Logit(0.1)) == "Logit(eps=0.1)"
    x = torch.tensor([0.01, 0.4, 0.999])
    torch.testing.assert_close(nn.Logit(0.1)(x), torch.logit(x, 0.1))
    twin = pickle.loads(pickle.dumps(nn.Logit(0.1)))
    assert torch.equal(twin(x), nn.Logit(0.1)(x))


def build(module) -> torch.nn.Module:
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3),
        torch.nn.BatchNorm2d(4),
        module.SiLU(inplace=True),
        torch.nn.Flatten(),
        torch.nn.Linear(4 * 36, 8),
        module.GELU(),
        torch.nn.Linear(8, 3),
        module.LogSoftmax(dim=1),
    )


def test_a_checkpoint_loads_and_the_network_is_the_same():
    theirs = build(torch.nn).double()
    own = build(nn).double()
    own.load_state_dict(theirs.state_dict())
    x = torch.randn(5, 1, 8, 8, dtype=torch.float64)
    target = torch.tensor([0, 1, 2, 0, 1])
    losses = [torch.nn.functional.nll_loss(network(x), target) for network in (theirs, own)]
    torch.testing.assert_close(*losses)
    for loss in losses:
        loss.backward()
    for a, b in zip(theirs.parameters(), own.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad)


# activation


def test_activation_by_name_and_alias():
    assert type(nn.activation("swish", inplace=True)) is nn.SiLU
    assert nn.activation("swish", inplace=True).inplace
    assert type(nn.activation("expit")) is nn.Sigmoid
    assert type(nn.activation("logsigmoid")) is nn.LogSigmoid
    assert nn.activation("leaky_relu", negative_slope=0.3).negative_slope == 0.3
    assert nn.activation("logit", eps=0.1).eps == 0.1


def test_activation_says_what_is_wrong():
    with pytest.raises(ValueError, match="no function is called 'sigmiod'; did you mean sigmoid"):
        nn.activation("sigmiod")
    with pytest.raises(
        ValueError, match=r"mish has no module in ogive\.torch\.nn; there is one for"
    ):
        nn.activation("mish")
    with pytest.raises(TypeError, match="the name of a function is a string"):
        nn.activation(torch.relu)
    with pytest.raises(TypeError, match="slope"):
        nn.activation("leaky_relu", slope=0.3)


# recognise


@pytest.mark.parametrize("module", [nn, torch.nn], ids=["ogive", "torch"])
def test_recognise(module):
    function, parameters = nn.recognise(module.LeakyReLU(0.3))
    assert (function.name, parameters) == ("leaky_relu", {"negative_slope": 0.3})
    assert nn.recognise(module.Softplus(2))[1] == {"beta": 2.0}
    assert nn.recognise(module.ELU(0.5))[1] == {"alpha": 0.5}
    for name in nn.MODULES:
        own = nn.activation(name)
        # torch has no logit, and a SiLU is a silu rather than a swish.
        if (name == "logit" and module is torch.nn) or name == "swish":
            continue
        assert nn.recognise(getattr(module, type(own).__name__)())[0].name == name


def test_recognise_what_is_none():
    for module in (torch.nn.Linear(2, 2), torch.nn.ReLU6(), nn.Softmax(1), torch.nn.Mish()):
        assert nn.recognise(module) is None


# Tracing and missing torch


@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
def test_a_network_compiles_without_a_break():
    network = build(nn)
    compiled = torch.compile(network, backend="aot_eager", fullgraph=True)
    x = torch.randn(3, 1, 8, 8)
    torch.testing.assert_close(compiled(x), network(x))
    torch.compiler.reset()


@pytest.mark.parametrize("package", ["ogive.torch", "ogive.health"])
def test_without_torch_the_error_says_what_to_install(package: str):
    code = f"import sys; sys.modules['torch'] = None; import {package}.nn"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 1
    told = f'ModuleNotFoundError: {package} needs torch: pip install "ogive[torch]"'
    assert result.stderr.splitlines()[-1] == told


# Examples


def documented() -> list[tuple[str, object]]:
    found = []
    for part in ("functional", "nn", "init"):
        module = import_module(f"ogive.torch.{part}")
        found += [(f"{part}.{name}", getattr(module, name)) for name in module.__all__]
    for part in ("ogive.torch.memory", "ogive.torch.autograd", "ogive.torch.rows"):
        found += [
            (f"{part}.{name}", thing)
            for name, thing in vars(import_module(part)).items()
            if getattr(thing, "__module__", None) == part and ">>>" in (thing.__doc__ or "")
        ]
    signal = import_module("ogive.health.signal")
    return found + [(f"signal.{name}", getattr(signal, name)) for name in signal.__all__]


@pytest.mark.parametrize(
    ("name", "thing"), [pytest.param(name, thing, id=name) for name, thing in documented()]
)
def test_examples_run(name: str, thing: object):
    example = doctest.DocTestParser().get_doctest(inspect.getdoc(thing), {}, name, None, None)
    said: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(example, out=said.append)
    assert result.attempted
    assert not result.failed, "".join(said)
