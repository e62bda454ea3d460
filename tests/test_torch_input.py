"""What the torch functions take: dtypes, parameters, and how they refuse what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch_subjects import FUNCTIONS, ROWS, THEIRS

from ogive import catalog
from ogive.torch import functional

ARGUMENTS = {
    **dict.fromkeys(ROWS, (0,)),
    "prelu": (0.25,),
    "threshold": (0.5, -1.0),
    "threshold_": (0.5, -1.0),
}


@pytest.mark.parametrize("dtype", [torch.int64, torch.int8, torch.uint8, torch.bool], ids=str)
@pytest.mark.parametrize("name", THEIRS)
def test_integers_as_torch_has_them(name: str, dtype: torch.dtype):
    x = torch.tensor([0, 1, 7]).to(dtype)
    parameters = {"prelu": (0.25,), "threshold": (0.5, 3.0)}.get(name, ())
    try:
        expected = THEIRS[name](x, *parameters)
    except (RuntimeError, NotImplementedError):
        with pytest.raises(TypeError, match=f"{name} takes a tensor of float16.* not "):
            getattr(functional, name)(x, *parameters)
    else:
        result = getattr(functional, name)(x, *parameters)
        assert result.dtype == expected.dtype
        torch.testing.assert_close(result, expected, equal_nan=True)


@pytest.mark.parametrize("name", ["relu", "relu6", "hardtanh", "threshold"])
def test_integers_in_place(name: str):
    x = torch.tensor([-1, 2, 9])
    parameters = ARGUMENTS.get(name, ())
    expected = getattr(torch.nn.functional, name)(x.clone(), *parameters)
    assert getattr(functional, name)(x, *parameters, inplace=True) is x
    assert x.dtype == torch.int64
    assert torch.equal(x, expected)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_not_a_tensor_and_complex(name: str):
    function, arguments = getattr(functional, name), ARGUMENTS.get(name, ())
    for bad in (1.0, np.ones(3), [1.0], None):
        with pytest.raises(TypeError, match=r"takes a torch\.Tensor, not "):
            function(bad, *arguments)
    with pytest.raises(TypeError, match="not complex64"):
        function(torch.zeros(3, dtype=torch.complex64), *arguments)


@pytest.mark.parametrize("name", [name for name, f in catalog.CATALOG.items() if f.parameters])
def test_every_number_is_held_against_its_bounds(name: str):
    function, record = getattr(functional, name), catalog.get(name)
    x = torch.zeros(3)
    defaults = list(record.defaults().values())
    for place, parameter in enumerate(record.parameters):

        def call(value: object, place: int = place) -> torch.Tensor:
            return function(x, *defaults[:place], value, *defaults[place + 1 :])

        for bad in ("0.1", True, None, 1j):
            with pytest.raises(TypeError, match=rf"{name}: \w+ is a number(?: or a tensor)?, not "):
                call(bad)
        with pytest.raises(ValueError, match=f"{name}: .* must be {parameter.condition}, not nan"):
            call(float("nan"))
        # Torch takes a negative lambd of hardshrink, which keeps everything.
        if not np.isinf(parameter.lower) and name != "hardshrink":
            below = parameter.lower - (1.0 if parameter.lower_included else 0.0)
            with pytest.raises(ValueError, match=f"must be {parameter.condition}, not {below}"):
                call(below)
    assert not x.any()


def test_arguments_are_named_as_they_are_here():
    x = torch.zeros(3)
    with pytest.raises(TypeError, match="hard_tanh: min_val is a number, not str 'a'"):
        functional.hardtanh(x, "a")
    with pytest.raises(ValueError, match=r"min_val must not be above max_val, but 2\.0 is above 1"):
        functional.hardtanh(x, 2.0, 1.0)
    with pytest.raises(ValueError, match="lower must not be above upper"):
        functional.rrelu(x, 0.5, 0.25)
    with pytest.raises(ValueError, match="approximate is 'none' or 'tanh', not 'erf'"):
        functional.gelu(x, approximate="erf")
    with pytest.raises(TypeError, match="eps is a number or None"):
        functional.logit(x, eps="small")


def test_numbers_of_any_kind_are_parameters():
    x = torch.tensor([-1.0])
    assert functional.leaky_relu(x, np.float64(0.5)).item() == -0.5
    assert functional.leaky_relu(x, 2).item() == -2.0


@pytest.mark.parametrize("weight", [(), (1,), (3,)], ids=str)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 4), (2, 3, 2), (2, 3, 2, 2)], ids=str)
def test_prelu_takes_the_weights_that_torch_takes(shape: tuple, weight: tuple):
    x, slopes = torch.randn(shape), torch.rand(weight)
    try:
        expected = torch.nn.functional.prelu(x, slopes)
    except RuntimeError:
        with pytest.raises(ValueError, match=r"prelu: an input of shape|one for each channel"):
            functional.prelu(x, slopes)
    else:
        result = functional.prelu(x, slopes)
        assert result.shape == expected.shape
        torch.testing.assert_close(result, expected)


def test_prelu_refuses_what_torch_refuses():
    x = torch.zeros(2, 3)
    with pytest.raises(ValueError, match=r"weight is a number or a vector, not of shape \(1, 3\)"):
        functional.prelu(x, torch.ones(1, 3))
    with pytest.raises(TypeError, match="weight is of float64, but input of float32"):
        functional.prelu(x, torch.ones(3, dtype=torch.float64))


def test_a_negative_lambd_of_hardshrink_keeps_everything():
    x = torch.tensor([-2.0, -0.1, 0.0, 0.1], requires_grad=True)
    y = functional.hardshrink(x, -0.5)
    assert torch.equal(y, x)
    y.sum().backward()
    assert torch.equal(x.grad, torch.ones(4))
