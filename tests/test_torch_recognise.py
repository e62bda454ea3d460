"""From a name to a module and back."""

from __future__ import annotations

import pytest
import torch

from ogive import catalog
from ogive.torch import nn


@pytest.mark.parametrize("name", catalog.CATALOG)
def test_a_module_made_by_name_is_recognised_with_its_parameters(name: str):
    module = nn.activation(name)
    assert type(module) is nn.MODULES[name]
    record, parameters = nn.recognise(module)
    assert record is catalog.get(name)
    # Those that are learned are float32.
    assert parameters == pytest.approx(record.defaults(), rel=1e-6)


@pytest.mark.parametrize("name", [name for name, f in catalog.CATALOG.items() if f.parameters])
def test_parameters_go_there_and_back(name: str):
    record = catalog.get(name)
    # Another value of every parameter, within its bounds, and alphas above beta.
    given = {key: default * 0.75 + 0.05 for key, default in record.defaults().items()}
    given |= {"threshold": 0.5} if name == "abrelu" else {}
    _, parameters = nn.recognise(nn.activation(name, **given))
    assert parameters == pytest.approx(given, rel=1e-6)


def test_torchs_modules_are_recognised():
    for name, module in nn.MODULES.items():
        theirs = getattr(torch.nn, module.__name__, None)
        if theirs is not None:
            arguments = (1.0, 0.0) if name == "threshold" else ()
            record, parameters = nn.recognise(theirs(*arguments))
            assert record.name == name
            assert parameters == record.defaults()
    record, parameters = nn.recognise(torch.nn.Hardtanh(-2.0, 3.0))
    assert (record.name, parameters) == ("hard_tanh", {"min": -2.0, "max": 3.0})
    for module in (torch.nn, nn):
        assert nn.recognise(module.GELU(approximate="tanh"))[0].name == "gelu_tanh"
        assert nn.recognise(module.ReLU6())[0].name == "relu6"
        assert nn.recognise(module.SiLU())[0].name == "silu"


def test_learned_parameters_count_as_they_are():
    for module in (torch.nn.PReLU(4), nn.PReLU(4)):
        with torch.no_grad():
            module.weight.copy_(torch.tensor([0.0, 0.5, 1.0, 1.5]))
        assert nn.recognise(module)[1] == {"weight": 0.75}
    swish = nn.Swish(2)
    with torch.no_grad():
        swish.beta.copy_(torch.tensor([1.0, 4.0]))
    assert nn.recognise(swish)[1] == {"beta": 2.5}
    assert nn.recognise(nn.Swish(2, beta=3.0, device="meta"))[1] == {"beta": 1.0}
    assert nn.recognise(nn.ABReLU(0.5))[1] == {"threshold": 0.5}
    assert nn.recognise(nn.XIELU(device="meta"))[1] == {"alpha_p": 0.8, "alpha_n": 0.8, "beta": 0.5}


def test_classes_derived_from_one_are_recognised():
    class Steep(torch.nn.LeakyReLU):
        pass

    class Capped(nn.ReLU6):
        pass

    assert nn.recognise(Steep(0.4))[1] == {"negative_slope": 0.4}
    assert nn.recognise(Capped())[0].name == "relu6"


def test_what_is_no_activation_of_the_catalogue():
    for module in (torch.nn.Linear(2, 2), nn.Softmax(1), torch.nn.GLU(), torch.nn.Identity()):
        assert nn.recognise(module) is None


def test_activation_by_name_and_alias():
    assert type(nn.activation("swish")) is nn.Swish
    assert nn.activation("swish", num_parameters=3, beta=2.0).beta.tolist() == [2.0] * 3
    assert type(nn.activation("expit")) is nn.Sigmoid
    assert type(nn.activation("logsigmoid")) is nn.LogSigmoid
    assert nn.activation("leaky_relu", negative_slope=0.3).negative_slope == 0.3
    assert nn.activation("logit", eps=0.1).eps == 0.1
    assert nn.activation("hard_tanh", min_val=-2.0).min_val == -2.0
    assert nn.activation("threshold", value=3.0).value == 3.0


def test_activation_says_what_is_wrong():
    with pytest.raises(ValueError, match="no function is called 'sigmiod'; did you mean sigmoid"):
        nn.activation("sigmiod")
    with pytest.raises(TypeError, match="the name of a function is a string"):
        nn.activation(torch.relu)
    with pytest.raises(TypeError, match="slope"):
        nn.activation("leaky_relu", slope=0.3)
