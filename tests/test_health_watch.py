"""Watching: nothing is changed, nothing is left behind, and everything that trains is seen."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn.modules import module as modules  # noqa: E402
from torch.optim import optimizer as optimizers  # noqa: E402
from torch.utils.checkpoint import checkpoint  # noqa: E402

from ogive.health import Checkup  # noqa: E402
from ogive.health.history import History  # noqa: E402

X = torch.randn(64, 12, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).long()


@pytest.fixture(autouse=True)
def _errors_of_the_check_up_are_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGIVE_CHECK_DEBUG", "1")


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(12, 16)
        self.norm = nn.LayerNorm(16)
        self.second = nn.Linear(16, 16)
        self.drop = nn.Dropout(0.3)
        self.last = nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(x), inplace=True)
        x = x + self.drop(F.gelu(self.second(self.norm(x))))
        return self.last(x)


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 8, 2, batch_first=True, dropout=0.2)
        self.last = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.lstm(x.view(-1, 4, 3))[0][:, -1])


class Convolutional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 2)
        self.norm = nn.BatchNorm2d(4)
        self.last = nn.Linear(4 * 6, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.conv(x.view(-1, 1, 4, 3))).relu_()
        return self.last(x.flatten(1))


class Checkpointed(nn.Module):
    def __init__(self, reentrant: bool) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(12, 16), nn.Linear(16, 16)
        self.last = nn.Linear(16, 2)
        self.reentrant = reentrant

    def forward(self, x: Tensor) -> Tensor:
        x = torch.tanh(self.first(x))
        x = checkpoint(self._part, x, use_reentrant=self.reentrant)
        return self.last(x)

    def _part(self, x: Tensor) -> Tensor:
        return F.relu(self.second(x))


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "residual": Residual,
    "recurrent": Recurrent,
    "convolutional": Convolutional,
    "checkpointed": lambda: Checkpointed(False),
    "checkpointed anew": lambda: Checkpointed(True),
}


def train(
    model: nn.Module,
    steps: int = 12,
    optimizer: Any = torch.optim.Adam,
    watched: bool = True,
    **options: Any,
) -> tuple[list[float], Checkup | None]:
    torch.manual_seed(1)
    chosen = optimizer(model.parameters(), lr=1e-2)
    checkup = Checkup(model, chosen, **options) if watched else None
    losses = []
    if checkup is not None:
        checkup.start()
    try:
        for i in range(steps):
            part = slice(8 * (i % 8), 8 * (i % 8) + 8)
            chosen.zero_grad()
            loss = F.cross_entropy(model(X[part]), Y[part])
            loss.backward()
            chosen.step()
            losses.append(loss.item())
    finally:
        if checkup is not None:
            checkup.stop()
    return losses, checkup


def seen(model: nn.Module, **options: Any) -> History:
    _, checkup = train(model, **options)
    assert checkup is not None
    assert not checkup.history.notes
    return checkup.history


@pytest.mark.parametrize("network", NETWORKS)
def test_training_is_the_same_bit_for_bit(network: str) -> None:
    torch.manual_seed(0)
    model = NETWORKS[network]()
    twin = copy.deepcopy(model)
    watched, _ = train(model, first=3, every=2)
    alone, _ = train(twin, watched=False)
    assert watched == alone
    for ours, theirs in zip(model.state_dict().values(), twin.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs)


def test_nothing_is_left_behind() -> None:
    def state() -> tuple[Any, ...]:
        return (
            torch.autograd.backward,
            torch.compile,
            torch.amp.grad_scaler.GradScaler.scale,
            nn.Module.__call__,
            len(modules._global_forward_hooks),
            len(optimizers._global_optimizer_pre_hooks),
            len(optimizers._global_optimizer_post_hooks),
        )

    before = state()
    model = Residual()

    def fail() -> None:
        with Checkup(model):
            assert state() != before
            F.cross_entropy(model(X), Y).backward()
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        fail()
    assert state() == before
    assert not any(p._backward_hooks for p in model.parameters())


def test_between_samples_no_hook_is_installed() -> None:
    model, changed, usual = Residual(), [], nn.Module.__call__
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with Checkup(model, optimizer, first=1, every=4):
        for _ in range(6):
            changed.append(nn.Module.__call__ is not usual)
            F.cross_entropy(model(X), Y).backward()
            optimizer.step()
            optimizer.zero_grad()
    assert changed == [True, False, False, False, True, False]


def test_the_figures_are_those_of_the_network() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(12, 16), nn.Tanh(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2)
    )
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    before = [p.detach().clone() for p in model.parameters()]
    with Checkup(model, optimizer) as checkup:
        first = torch.tanh(model[0](X))
        second = model[2](first).relu()
        first.retain_grad(), second.retain_grad()
        F.cross_entropy(model[4](second), Y).backward()
        optimizer.step()
    history = checkup.history
    tanh, relu = history.by_depth()
    assert (tanh.label, relu.label) == ("tanh after 0", "relu after 2")
    for found, values in ((tanh, first), (relu, second)):
        array, gradient = values.detach().double().numpy(), values.grad.double().numpy()
        assert found.rms[0] == pytest.approx(np.sqrt((array**2).mean()), rel=1e-5)
        assert found.share[0] == pytest.approx(array.var(0).mean() / (array**2).mean(), rel=1e-5)
        assert found.gradient_rms[0] == pytest.approx(np.sqrt((gradient**2).mean()), rel=1e-5)
    assert tanh.slope[0] == pytest.approx(float((1 - first.detach() ** 2).mean()), rel=1e-5)
    alive = (second > 0).any(0).numpy()
    assert ((relu.last_alive == 0) == alive).all()
    for old, new, (name, parameter) in zip(
        before, model.parameters(), model.named_parameters(), strict=True
    ):
        found = history.parameters[name]
        change = (new.detach() - old).square().mean().sqrt()
        size = old.square().mean().sqrt()
        assert parameter.grad is not None
        assert found.rms[0] == pytest.approx(float(size), rel=1e-5)
        assert found.update_rms[0] == pytest.approx(float(change), rel=1e-4)
        expected = float(parameter.grad.square().mean().sqrt())
        assert found.gradient_rms[0] == pytest.approx(expected, rel=1e-5)
    assert history.input_rms[0] == pytest.approx(float(X.square().mean().sqrt()), rel=1e-5)


def test_the_parts_of_an_accumulated_gradient_count_together() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(12, 16), nn.Tanh(), nn.Linear(16, 2))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with Checkup(model, optimizer) as checkup:
        for part in X.split(16):
            (F.cross_entropy(model(part), Y[: len(part)]) / 4).backward()
        optimizer.step()
    (tanh,) = checkup.history.by_depth()
    array = torch.tanh(X @ model[0].weight.T + model[0].bias)
    assert tanh.steps == [0]
    assert len(checkup.history.losses) == 4
    assert not checkup.history.kept_gradients
    assert tanh.rms[0] > 0
    assert array.shape == (64, 16)


@pytest.mark.parametrize("reentrant", [False, True])
def test_a_checkpointed_part_is_seen_once(reentrant: bool) -> None:
    torch.manual_seed(0)
    history = seen(Checkpointed(reentrant))
    chain = history.by_depth()
    assert [each.label for each in chain] == ["tanh after first", "relu after second"]
    relu = chain[1]
    assert len(relu.steps) == len(history.sampled)
    assert all(0 < g < 1 for g in relu.gradient_rms)
    assert relu.units == 16
    assert relu.dead(3) is not None


def test_gates_of_recurrent_layers_are_seen() -> None:
    torch.manual_seed(0)
    history = seen(Recurrent())
    labels = [each.label for each in history.by_depth()]
    assert labels == [
        f"lstm l{layer} {gate}"
        for layer in (0, 1)
        for gate in ("input gate", "forget gate", "candidate", "output gate")
    ]
    assert all(0 < s <= 1 for each in history.by_depth() for s in each.slope)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_scaled_gradients_are_unscaled_before_they_are_judged(dtype: torch.dtype) -> None:
    def run(scale: float) -> History:
        torch.manual_seed(0)
        model = Residual().eval()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        scaler = torch.amp.GradScaler("cpu", init_scale=scale)
        with Checkup(model, optimizer) as checkup:
            for _ in range(3):
                optimizer.zero_grad()
                with torch.autocast("cpu", dtype):
                    loss = F.cross_entropy(model(X), Y)
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()
        return checkup.history

    plain, scaled = run(1.0), run(1024.0)
    for name, parameter in plain.parameters.items():
        np.testing.assert_allclose(
            parameter.gradient_rms, scaled.parameters[name].gradient_rms, rtol=0.05
        )
    for ours, theirs in zip(plain.by_depth(), scaled.by_depth(), strict=True):
        np.testing.assert_allclose(ours.gradient_rms, theirs.gradient_rms, rtol=0.05)


def test_an_overflow_of_a_scaled_loss_is_no_finding() -> None:
    torch.manual_seed(0)
    model = Residual()
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**127, growth_interval=10_000)
    with Checkup(model, optimizer) as checkup:
        for _ in range(60):
            optimizer.zero_grad()
            scaler.scale(F.cross_entropy(model(X), Y)).backward()
            scaler.step(optimizer)
            scaler.update()
    assert not [f for f in checkup.findings if f.kind == "not finite"]


def test_compiled_networks_run_eagerly_where_they_are_looked_at() -> None:
    torch.manual_seed(0)
    calls = []

    def backend(graph: Any, inputs: Any) -> Any:
        def run(*args: Any) -> Any:
            calls.append(1)
            return graph(*args)

        return run

    model = nn.Sequential(nn.Linear(12, 16), nn.ReLU(), nn.Linear(16, 2))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with Checkup(first=2, every=4) as checkup:
        compiled = torch.compile(model, backend=backend)
        for _ in range(8):
            optimizer.zero_grad()
            F.cross_entropy(compiled(X), Y).backward()
            optimizer.step()
    assert checkup.history.sampled == [0, 1, 4]
    assert len(calls) == 5
    assert [each.label for each in checkup.history.by_depth()] == ["relu after 0"]
    assert checkup.history.by_depth()[0].steps == [0, 1, 4]


def test_several_optimisers_and_networks_have_their_own_steps() -> None:
    torch.manual_seed(0)
    maker = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 12))
    critic = nn.Sequential(nn.Linear(12, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    ours = torch.optim.Adam(maker.parameters(), 1e-3)
    theirs = torch.optim.Adam(critic.parameters(), 1e-3)
    with Checkup() as checkup:
        for _ in range(8):
            theirs.zero_grad()
            fake = maker(torch.randn(16, 4))
            real = F.binary_cross_entropy_with_logits(critic(X[:16]), torch.ones(16, 1))
            real.backward()
            F.binary_cross_entropy_with_logits(critic(fake.detach()), torch.zeros(16, 1)).backward()
            theirs.step()
            ours.zero_grad()
            F.binary_cross_entropy_with_logits(critic(fake), torch.ones(16, 1)).backward()
            ours.step()
    history = checkup.history
    assert history.steps == 8
    assert len(history.networks) == 2
    assert not history.kept_gradients
    assert {each.name for each in history.by_depth()} == {"relu", "leaky_relu"}
    assert not [f for f in checkup.findings if f.severity.word != "info"]


def test_closures_are_seen_after_the_step() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(12, 8), nn.Tanh(), nn.Linear(8, 2))
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=4)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(X), Y)
        loss.backward()
        return loss

    with Checkup(model, optimizer) as checkup:
        for _ in range(6):
            optimizer.step(closure)
    found = checkup.history.parameters["0.weight"]
    assert checkup.history.steps == 6
    assert all(g > 0 for g in found.gradient_rms)
    assert all(u > 0 for u in found.update_rms)


def test_gradients_that_are_kept_are_told_and_accumulation_is_not() -> None:
    def run(reset: bool) -> History:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(12, 8), nn.Tanh(), nn.Linear(8, 2))
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        with Checkup(model, optimizer) as checkup:
            for _ in range(8):
                for part in X.split(32):
                    F.cross_entropy(model(part), Y[: len(part)]).backward()
                optimizer.step()
                if reset:
                    model.zero_grad()
        return checkup.history

    assert run(False).kept_gradients == list(range(1, 8))
    assert run(True).kept_gradients == []


def test_only_the_given_optimiser_counts() -> None:
    model = nn.Linear(12, 2)
    mine, other = (torch.optim.SGD(model.parameters(), 0.1) for _ in range(2))
    with Checkup(model, mine) as checkup:
        for _ in range(3):
            F.cross_entropy(model(X), Y).backward()
            mine.step()
            other.step()
    assert checkup.history.steps == 3


def test_an_error_of_the_check_up_does_not_end_the_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ogive.health import plan

    monkeypatch.delenv("OGIVE_CHECK_DEBUG")

    def fail(*_: Any) -> Any:
        raise ZeroDivisionError("mine")

    monkeypatch.setattr(plan, "activations_among", fail)
    losses, checkup = train(Residual())
    assert len(losses) == 12
    assert checkup is not None
    assert checkup.history.steps == 12
    assert any("ZeroDivisionError: mine" in note for note in checkup.history.notes)


def test_bad_arguments() -> None:
    with pytest.raises(TypeError, match="model must be a Module, not int"):
        Checkup(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="optimizer must be a Optimizer, not str"):
        Checkup(nn.Linear(1, 1), "sgd")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="every must be at least 1, not 0"):
        Checkup(every=0)
    with pytest.raises(TypeError, match=r"first is a whole number, not 2\.5"):
        Checkup(first=2.5)  # type: ignore[arg-type]
    with Checkup(), pytest.raises(RuntimeError, match="running already"), Checkup():
        pass


def test_the_landscape_is_that_of_the_network_before_its_first_step() -> None:
    def run(picture: bool) -> tuple[Checkup, list[Tensor]]:
        torch.manual_seed(0)
        model = Residual()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        with Checkup(model, optimizer, picture=picture) as checkup:
            for _ in range(3):
                optimizer.zero_grad()
                F.cross_entropy(model(X), Y).backward()
                optimizer.step()
        return checkup, [p.detach() for p in model.parameters()]

    checkup, parameters = run(True)
    for ours, theirs in zip(parameters, run(False)[1], strict=True):
        assert torch.equal(ours, theirs), "drawing changes nothing"
    landscape = checkup.history.landscape
    assert landscape is not None
    torch.manual_seed(0)
    model = Residual().eval()
    with torch.no_grad():
        found = model(X[:1] + 2.0 * (X[1:2] - X[:1]) - (X[2:3] - X[:1]))[0]
    assert landscape[0][-1] == pytest.approx(float(found[0] - found[1]), abs=1e-5)


def test_a_network_that_takes_no_batch_of_numbers_has_no_landscape() -> None:
    model = nn.Sequential(nn.Embedding(5, 4), nn.Flatten(), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with Checkup(model, optimizer, picture=True) as checkup:
        F.cross_entropy(model(torch.zeros(4, 2, dtype=torch.long)), Y[:4]).backward()
        optimizer.step()
    assert checkup.history.landscape is None
    assert any("No landscape" in note for note in checkup.history.notes)


def test_an_error_within_a_backward_pass_does_not_end_the_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ogive.health import not_finite, sample

    monkeypatch.delenv("OGIVE_CHECK_DEBUG")

    def fail(*_: Any) -> Any:
        raise ZeroDivisionError("mine")

    monkeypatch.setattr(not_finite, "_finite", fail)
    monkeypatch.setattr(sample, "norm_of", fail)
    losses, checkup = train(Residual())
    assert len(losses) == 12
    assert checkup is not None
    assert any("ZeroDivisionError: mine" in note for note in checkup.history.notes)


def test_sparse_gradients_are_no_obstacle() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(20, 8, sparse=True), nn.Flatten(), nn.Linear(16, 2))
    sparse = torch.optim.SparseAdam(model[0].parameters())
    dense = torch.optim.Adam(model[2].parameters())
    with Checkup(model, [sparse, dense]) as checkup:
        for _ in range(12):
            sparse.zero_grad()
            dense.zero_grad()
            F.cross_entropy(model(torch.randint(0, 20, (8, 2))), Y[:8]).backward()
            sparse.step()
            dense.step()
    assert not checkup.history.notes
    assert not [f for f in checkup.findings if f.severity.word != "info"]
