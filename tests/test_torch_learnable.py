"""Modules with learned parameters: names, shapes, first values, training."""

from __future__ import annotations

import pytest
import torch

from ogive import catalog
from ogive.torch import functional, nn

# Class, the function, and the parameters registered.
LEARNED = [
    (nn.PReLU, "prelu", ["weight"]),
    (nn.Swish, "swish", ["beta"]),
    (nn.SRS, "srs", ["alpha", "beta"]),
    (nn.PDELU, "pdelu", ["alpha", "t"]),
    (nn.PAU, "pau", [f"a{i}" for i in range(6)] + [f"b{j}" for j in range(1, 5)]),
    (nn.XIELU, "xielu", ["alpha_p", "alpha_n"]),
]
every_learned = pytest.mark.parametrize(("module", "name", "parameters"), LEARNED)


@every_learned
def test_parameters_have_the_catalogues_names(module, name: str, parameters: list[str]):
    assert [key for key, _ in module().named_parameters()] == parameters
    assert list(module(4).state_dict()) == parameters
    for parameter in module(4, dtype=torch.float64).parameters():
        assert parameter.shape == (4,)
        assert parameter.dtype == torch.float64
    assert all(parameter.is_meta for parameter in module(device="meta").parameters())


@every_learned
def test_the_first_values_are_the_catalogues(module, name: str, parameters: list[str]):
    x = torch.randn(5, 3, 4, dtype=torch.float64)
    values = catalog.get(name).defaults()
    for channels in (1, 3):
        made = module(channels, dtype=torch.float64)
        expected = getattr(functional, name)(x, *values.values())
        torch.testing.assert_close(made(x), expected, rtol=1e-12, atol=1e-13)
        with torch.no_grad():
            for parameter in made.parameters():
                parameter.fill_(0.125)
        made.reset_parameters()
        torch.testing.assert_close(made(x), expected, rtol=1e-12, atol=1e-13)


@every_learned
def test_every_channel_has_its_own(module, name: str, parameters: list[str]):
    made = module(3, dtype=torch.float64)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter += torch.tensor([0.0, 0.01, -0.02], dtype=torch.float64)
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64).contiguous(memory_format=torch.channels_last)
    y = made(x)
    assert y.is_contiguous(memory_format=torch.channels_last)
    for channel in range(3):
        one = module(1, dtype=torch.float64)
        one.load_state_dict({key: v[channel : channel + 1] for key, v in made.state_dict().items()})
        torch.testing.assert_close(y[:, channel], one(x[:, channel]), rtol=1e-12, atol=1e-13)
    for shape in ((2, 4), (2, 4, 3)):
        with pytest.raises(ValueError, match=r"3 parameters, one for each channel.* has 4"):
            made(torch.zeros(shape, dtype=torch.float64))


@every_learned
def test_they_learn(module, name: str, parameters: list[str]):
    torch.manual_seed(0)
    made = module(3)
    x = torch.randn(64, 3)
    target = torch.nn.functional.softplus(x) - 0.5
    optimizer = torch.optim.Adam(made.parameters(), lr=0.02)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = (made(x) - target).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert all(parameter.grad.any() for parameter in made.parameters())


def test_swish_learns_the_sharpness_that_made_the_data():
    x = torch.linspace(-4.0, 4.0, 101)
    target = functional.swish(x, 2.5)
    made = nn.Swish()
    optimizer = torch.optim.LBFGS(made.parameters(), max_iter=30, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (made(x) - target).square().mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert made.beta.item() == pytest.approx(2.5, rel=1e-3)


def test_one_parameter_serves_inputs_of_any_shape():
    for shape in ((), (3,), (0,), (2, 3), (2, 3, 4)):
        x = torch.randn(shape)
        assert nn.Swish()(x).shape == shape
    assert nn.Swish(3)(torch.randn(3)).shape == (3,)


def test_parameters_may_be_replaced_by_tensors():
    made, x = nn.SRS(3), torch.randn(2, 3)
    given = {"alpha": torch.tensor([4.0, 5.0, 6.0]), "beta": torch.tensor([2.0, 3.0, 4.0])}
    y = torch.func.functional_call(made, given, (x,))
    assert torch.equal(y, functional.srs(x, **given))
    stacked = {key: torch.stack([value, value + 0.5]) for key, value in given.items()}
    ensemble = torch.func.vmap(lambda p: torch.func.functional_call(made, p, (x,)))(stacked)
    torch.testing.assert_close(ensemble[0], y)
    assert not torch.equal(ensemble[1], y)


def test_xielu_keeps_its_alphas_positive():
    made, x = nn.XIELU(alpha_p=1.5, alpha_n=0.9, beta=0.25, dtype=torch.float64), torch.randn(9)
    x = x.double()
    torch.testing.assert_close(made(x), functional.xielu(x, 1.5, 0.9, 0.25))
    with torch.no_grad():
        made.alpha_p.fill_(-30.0)
        made.alpha_n.fill_(-30.0)
    now = made.coefficients()
    assert 0.0 < now["alpha_p"].item() < 1e-12
    assert 0.0 < now["alpha_n"].item() - 0.25 < 1e-12
    assert now["beta"] == 0.25
    # A value for which exp overflows is no obstacle.
    assert nn.XIELU(alpha_p=800.0, dtype=torch.float64).alpha_p.item() == 800.0


def test_a_checkpoint_of_torchs_prelu_loads():
    theirs = torch.nn.PReLU(3)
    torch.nn.init.uniform_(theirs.weight)
    own = nn.PReLU(3)
    own.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 3, 4)
    torch.testing.assert_close(own(x), theirs(x))


def test_what_is_refused():
    with pytest.raises(ValueError, match="Swish: num_parameters must be at least 1, not 0"):
        nn.Swish(0)
    with pytest.raises(TypeError, match=r"Swish: num_parameters is a whole number, not 2\.0"):
        nn.Swish(2.0)
    with pytest.raises(ValueError, match="srs: alpha must be a finite number greater than 0"):
        nn.SRS(alpha=0.0)
    with pytest.raises(ValueError, match=r"pdelu: t must be .* at most 1, not 2"):
        nn.PDELU(t=2.0)
    with pytest.raises(ValueError, match=r"XIELU: alpha_p must be greater than 0, not -1\.0"):
        nn.XIELU(alpha_p=-1.0)
    with pytest.raises(ValueError, match=r"alpha_n must be greater than beta, 0\.9, not 0\.8"):
        nn.XIELU(beta=0.9)
    with pytest.raises(TypeError, match="squareplus: b is a number"):
        nn.Squareplus("4")
