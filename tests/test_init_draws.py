"""Draws under torch's names: torch's to the last bit, of the right spread for every function."""

from __future__ import annotations

import math
import types

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ogive.catalog import CATALOG
from ogive.torch import init, nn

SHAPE = (30, 20, 3)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def public(module: types.ModuleType) -> set[str]:
    return {name for name in dir(module) if not name.startswith("_")}


def test_every_name_of_torchs_is_there() -> None:
    own = {"calculate_gain", "kaiming_uniform_", "kaiming_normal_"}
    assert all(hasattr(init, name) for name in public(torch.nn.init))
    for name in public(torch.nn.init) - own:
        assert getattr(init, name) is getattr(torch.nn.init, name), name
    fillers = {name for name in public(torch.nn.init) if name.endswith("_")}
    assert len(fillers) > 10
    assert fillers <= set(dir(init))
    assert all(hasattr(init, name) for name in init.__all__)
    with pytest.raises(AttributeError, match=r"'ogive\.torch\.init' has no attribute 'zero_'"):
        _ = init.zero_
    weight = torch.empty(3, 3)
    assert torch.equal(init.eye_(weight), torch.eye(3))
    with pytest.warns(FutureWarning, match="xavier_uniform"):
        init.xavier_uniform(weight)


@pytest.mark.parametrize("name", ["kaiming_uniform_", "kaiming_normal_"])
@pytest.mark.parametrize("mode", ["fan_in", "fan_out"])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"a": math.sqrt(5)},
        {"nonlinearity": "relu"},
        {"nonlinearity": "relu", "a": 3.0},
        {"nonlinearity": "leaky_relu", "a": 0.2},
        {"nonlinearity": "linear"},
        {"nonlinearity": "conv2d"},
    ],
    ids=str,
)
def test_a_change_of_import_changes_nothing(name: str, mode: str, arguments: dict) -> None:
    ours = getattr(init, name)(torch.empty(SHAPE), mode=mode, **arguments, generator=generator())
    theirs = getattr(torch.nn.init, name)(
        torch.empty(SHAPE), mode=mode, **arguments, generator=generator()
    )
    assert torch.equal(ours, theirs)
    torch.manual_seed(1)
    ours = getattr(init, name)(torch.empty(SHAPE, dtype=torch.float64), mode=mode, **arguments)
    torch.manual_seed(1)
    theirs = getattr(torch.nn.init, name)(
        torch.empty(SHAPE, dtype=torch.float64), mode=mode, **arguments
    )
    assert torch.equal(ours, theirs)


def test_torchs_layers_start_as_torch_starts_them() -> None:
    layer = torch.nn.Linear(7, 5)
    torch.manual_seed(2)
    layer.reset_parameters()
    torch.manual_seed(2)
    weight = init.kaiming_uniform_(torch.empty(5, 7), a=math.sqrt(5))
    assert torch.equal(weight, layer.weight)


@pytest.mark.parametrize("kind", ["uniform", "normal"])
@pytest.mark.parametrize("mode", ["fan_in", "fan_out"])
def test_the_spread_for_every_function(kind: str, mode: str) -> None:
    draw = getattr(init, f"kaiming_{kind}_")
    outputs, inputs = 500, 300
    for name, record in CATALOG.items():
        if name in ("logit", "odds", "log1mexp"):
            continue
        weight = draw(
            torch.empty(outputs, inputs), mode=mode, nonlinearity=record, generator=generator()
        )
        gain_mode, fan = {"fan_in": ("signal", inputs), "fan_out": ("gradient", outputs)}[mode]
        sd = init.calculate_gain(name, mode=gain_mode) / math.sqrt(fan)
        assert weight.std().item() == pytest.approx(sd, rel=0.01), name
        kurtosis = (weight / weight.std()).pow(4).mean().item()
        # 9/5 for a uniform distribution, 3 for a normal one.
        assert kurtosis == pytest.approx(1.8 if kind == "uniform" else 3.0, abs=0.05), name


def test_a_modules_parameters_count() -> None:
    plain = init.kaiming_normal_(torch.empty(SHAPE), 0.5, generator=generator())
    module = init.kaiming_normal_(
        torch.empty(SHAPE), nonlinearity=nn.LeakyReLU(0.5), generator=generator()
    )
    assert torch.equal(plain, module)


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_lecun(kind: str) -> None:
    draw = getattr(init, f"lecun_{kind}_")
    ours = draw(torch.empty(SHAPE), generator=generator())
    # Gain 1, which is torch's for "linear".
    theirs = getattr(torch.nn.init, f"kaiming_{kind}_")(
        torch.empty(SHAPE), nonlinearity="linear", generator=generator()
    )
    assert torch.equal(ours, theirs)


@settings(max_examples=25, deadline=None)
@given(gain=st.floats(2.0**-20, 2.0**20), seed=st.integers(0, 2**32))
def test_draws_are_proportional_to_the_gain(gain: float, seed: int) -> None:
    for draw in (init.lecun_uniform_, init.lecun_normal_, init.xavier_normal_, init.orthogonal_):
        one = draw(torch.empty(5, 4, dtype=torch.float64), generator=generator(seed))
        other = draw(torch.empty(5, 4, dtype=torch.float64), gain, generator=generator(seed))
        torch.testing.assert_close(other, gain * one, rtol=1e-13, atol=1e-15 * gain)


@pytest.mark.parametrize(
    "draw", [init.kaiming_uniform_, init.kaiming_normal_, init.lecun_uniform_, init.lecun_normal_]
)
def test_bad_input(draw) -> None:
    with pytest.raises(TypeError, match=rf"{draw.__name__} takes a torch\.Tensor, not list"):
        draw([[1.0]])
    with pytest.raises(ValueError, match="at least two dimensions"):
        draw(torch.zeros(3))
    with pytest.warns(UserWarning, match="zero-element"):
        assert draw(torch.empty(0, 3)).shape == (0, 3)
    if "kaiming" not in draw.__name__:
        return
    weight = torch.zeros(3, 3)
    for mode in ("fan", None):
        with pytest.raises(ValueError, match=f"mode is 'fan_in' or 'fan_out', not {mode!r}"):
            draw(weight, mode=mode)
    with pytest.raises(ValueError, match="no function is called 'rleu'; did you mean relu"):
        draw(weight, nonlinearity="rleu")
    with pytest.raises(TypeError, match="leaky_relu: negative_slope is a number, not str"):
        draw(weight, "0.1")
    assert not weight.any()
