"""Training: data, initial draw and order are paired, a run is reproducible, divergence is said."""

import json
import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from ogive import catalog
from ogive.study import Protocol, RunSpec, Study
from ogive.study.data import TEST_SHARE, VALIDATION_SHARE, Dataset, Part, load, prepare
from ogive.study.declaration import canonical_json
from ogive.study.models import build
from ogive.study.results import assemble
from ogive.study.training import data_order, evaluate, train
from ogive.torch.init import init_network_

DIGITS = load("digits")
SHORT = Protocol(epochs=2)
ACTIVATIONS = Study().activations


def small(**changes):
    return RunSpec(**({"hidden": (16, 8), "protocol": SHORT} | changes))


def weights(spec):
    network = build(spec, features=64, classes=10)
    return [layer.weight.detach() for layer in network if isinstance(layer, nn.Linear)]


# ---- data


def rows_of(part):
    return [row.tobytes() for row in part.inputs]


def test_the_parts_hold_every_row_once_and_keep_the_shares_of_the_classes():
    parts = [DIGITS.train, DIGITS.validation, DIGITS.test]
    assert sum(map(len, parts)) == 1797
    rows = [row for part in parts for row in rows_of(part)]
    assert len(set(rows)) == 1797
    counts = [np.bincount(part.targets, minlength=10) for part in parts]
    total = sum(counts)
    assert np.all(np.abs(counts[2] - TEST_SHARE * total) <= 0.5)
    assert np.all(np.abs(counts[1] - VALIDATION_SHARE * total) <= 0.5)


def test_the_split_is_the_same_at_every_call():
    again = load("digits")
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(again, part).inputs, getattr(DIGITS, part).inputs)
        np.testing.assert_array_equal(getattr(again, part).targets, getattr(DIGITS, part).targets)


def test_the_split_has_not_moved():
    # A stored run names the data by its name only: another split needs another training version.
    assert DIGITS.test.targets[:12].tolist() == [0, 2, 3, 9, 0, 8, 1, 4, 5, 8, 7, 1]
    assert [len(part) for part in (DIGITS.train, DIGITS.validation, DIGITS.test)] == [
        1078,
        269,
        450,
    ]


def test_inputs_are_standardised_by_the_training_part_alone():
    train_part = DIGITS.train.inputs.astype(np.float64)
    spread = train_part.std(axis=0)
    assert np.abs(train_part.mean(axis=0)).max() < 1e-6
    assert np.all((np.abs(spread - 1) < 1e-5) | (spread == 0))
    assert DIGITS.train.inputs.dtype == np.float32


def test_test_rows_have_no_say_in_the_standardisation():
    random = np.random.default_rng(3)
    inputs, targets = random.normal(size=(60, 1)), np.repeat([0, 1, 2], 20)
    data = prepare("x", inputs, targets)
    # Standardising keeps the order of the values: find the largest test row, and move it far off.
    ranks = np.argsort(inputs[:, 0])
    everything = np.concatenate([p.inputs[:, 0] for p in (data.train, data.validation, data.test)])
    place = np.argsort(everything).tolist().index(len(data.train) + len(data.validation))
    moved = inputs.copy()
    moved[ranks[place]] += 1e6
    np.testing.assert_array_equal(prepare("x", moved, targets).train.inputs, data.train.inputs)
    assert prepare("x", moved, targets).test.inputs.max() > 1e5


def test_a_constant_feature_becomes_zero():
    inputs = np.ones((40, 2))
    inputs[:, 1] = np.arange(40)
    data = prepare("x", inputs, np.repeat([0, 1], 20))
    assert np.all(data.train.inputs[:, 0] == 0)
    assert np.isfinite(data.train.inputs).all()


def test_unknown_data_is_refused():
    with pytest.raises(ValueError, match="'mnist'"):
        load("mnist")


# ---- initial draw and order


@pytest.mark.parametrize("depth", [2, 10])
def test_default_draw_is_the_same_for_every_activation(depth):
    first, *others = [
        weights(RunSpec(hidden=(24,) * depth, activation=name, initialization="default", seed=3))
        for name in ACTIVATIONS
    ]
    for other in others:
        assert all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_default_draw_is_that_of_torch():
    bound = 1 / math.sqrt(64)
    weight = weights(RunSpec(initialization="default"))[0].numpy().ravel()
    assert stats.kstest(weight, stats.uniform(-bound, 2 * bound).cdf).pvalue > 1e-3


def test_matched_draws_differ_by_the_distribution_alone():
    first, *others = [weights(RunSpec(activation=name, seed=3)) for name in ACTIVATIONS]
    for other in others:
        for a, b in zip(first, other, strict=True):
            # Sorting one sorts the other; float32 draws hold a few ties, in which either may lead.
            left, right = a.numpy().ravel(), b.numpy().ravel()
            assert (np.diff(right[np.lexsort((right, left))]) >= 0).all()
            assert torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1] > 0.97


def test_matched_draws_of_one_initialiser_are_proportional():
    names = [name for name in ACTIVATIONS if catalog.get(name).initializer == "kaiming_normal"]
    assert "relu" in names
    assert len(names) > 2
    relu = weights(RunSpec(activation="relu"))
    for name in names:
        ratio = catalog.get(name).gain / catalog.get("relu").gain
        for a, b in zip(weights(RunSpec(activation=name))[:-1], relu[:-1], strict=True):
            torch.testing.assert_close(a, ratio * b, rtol=1e-5, atol=0)
        # No activation follows the output layer: its weights are the same numbers.
        assert torch.equal(weights(RunSpec(activation=name))[-1], relu[-1])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_matched_draw_follows_the_law_of_init_network(name):
    ours = build(RunSpec(activation=name, hidden=(128, 96)), features=64, classes=10)
    theirs = build(RunSpec(activation=name, hidden=(128, 96)), features=64, classes=10)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        init_network_(theirs)
    for a, b in zip(ours, theirs, strict=True):
        if isinstance(a, nn.Linear):
            left, right = (x.weight.detach().numpy().ravel() for x in (a, b))
            assert stats.ks_2samp(left, right).pvalue > 1e-3
            assert torch.equal(a.bias, b.bias)


@pytest.mark.parametrize("initialization", ["default", "matched"])
def test_another_seed_is_another_draw(initialization):
    one, two = (weights(RunSpec(seed=s, initialization=initialization)) for s in (0, 1))
    assert all(not torch.equal(a, b) for a, b in zip(one, two, strict=True))


def test_order_is_a_permutation_that_follows_from_the_seed_alone():
    first, again, other = ([o.tolist() for o in data_order(s, 50, 3)] for s in (4, 4, 5))
    assert first == again != other
    assert all(sorted(order) == list(range(50)) for order in first)
    assert first[0] != first[1]
    # A longer run begins like a shorter one.
    assert [o.tolist() for o in data_order(4, 50, 5)][:3] == first


def test_every_activation_sees_the_same_batches(monkeypatch):
    seen = []
    cross_entropy = nn.functional.cross_entropy

    def watch(outputs, targets):
        seen.append(targets.tolist())
        return cross_entropy(outputs, targets)

    monkeypatch.setattr(nn.functional, "cross_entropy", watch)
    batches = []
    for spec in (small(), small(activation="sigmoid"), small(hidden=(8,), activation="gelu")):
        seen.clear()
        train(spec, DIGITS)
        batches.append([targets for targets in seen if len(targets) <= SHORT.batch_size])
    assert len(batches[0]) == 2 * math.ceil(len(DIGITS.train) / SHORT.batch_size)
    assert batches[0] == batches[1] == batches[2]


# ---- one run


def without_timing(run):
    return canonical_json({name: part for name, part in run.items() if name != "timing"})


def test_a_run_is_the_same_bit_for_bit():
    spec = small(activation="gelu", seed=2)
    first = train(spec, DIGITS)
    torch.rand(17)
    train(small(), DIGITS)
    assert without_timing(train(spec)) == without_timing(first)
    assert without_timing(train(small(activation="gelu", seed=3))) != without_timing(first)


def test_a_run_leaves_the_callers_torch_as_it_was():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    train(small(), DIGITS)
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads
    assert torch.are_deterministic_algorithms_enabled() == strict


def test_what_a_run_holds():
    spec = small(hidden=(16, 8, 4), activation="tanh", initialization="default")
    run = train(spec, DIGITS)
    assert json.loads(canonical_json(run)) == run
    assert (run["key"], run["spec"], run["outcome"]) == (spec.key, spec.to_dict(), "finished")
    assert set(run["curves"]) == {"train_loss", "validation_loss", "validation_accuracy"}
    assert {len(curve) for curve in run["curves"].values()} == {2}
    for when in ("start", "end"):
        assert set(run["signal"][when]) == {
            *("activation_rms", "gradient_rms", "between_sample_share")
        }
        for values in run["signal"][when].values():
            assert len(values) == 3
            assert all(value > 0 for value in values)
    assert run["signal"]["start"] != run["signal"]["end"]
    assert 0 < run["timing"]["seconds_per_epoch"] < run["timing"]["seconds_total"]
    assert set(run["environment"]) == {"python", "torch", "numpy", "ogive", "isa", "cpu"}
    assert all(isinstance(value, str) and value for value in run["environment"].values())


def test_curves_are_what_they_say():
    # Followed by hand with torch's own pieces, from the same draw and order.
    spec = small(activation="tanh", protocol=Protocol(epochs=2, batch_size=100))
    run = train(spec, DIGITS)
    network = build(spec, features=64, classes=10)
    optimizer = torch.optim.Adam(network.parameters(), lr=spec.protocol.learning_rate)
    inputs, targets = map(torch.from_numpy, (DIGITS.train.inputs, DIGITS.train.targets))
    for epoch, order in enumerate(data_order(spec.seed, len(targets), 2)):
        losses = []
        for batch in torch.split(order, 100):
            each = nn.functional.cross_entropy(
                network(inputs[batch]), targets[batch], reduction="none"
            )
            losses += each.tolist()
            optimizer.zero_grad()
            each.mean().backward()
            optimizer.step()
        assert len(losses) == len(targets)
        assert run["curves"]["train_loss"][epoch] == pytest.approx(np.mean(losses), rel=1e-4)
    for part, accuracy, loss in (
        (
            DIGITS.validation,
            run["curves"]["validation_accuracy"][-1],
            run["curves"]["validation_loss"][-1],
        ),
        (DIGITS.test, run["test"]["accuracy"], run["test"]["loss"]),
    ):
        with torch.no_grad():
            outputs = network(torch.from_numpy(part.inputs))
        right = (outputs.argmax(1).numpy() == part.targets).mean()
        assert accuracy == pytest.approx(right, abs=1.5 / len(part))
        expected = nn.functional.cross_entropy(outputs, torch.from_numpy(part.targets)).item()
        assert loss == pytest.approx(expected, rel=1e-3)


def test_the_signal_is_measured_against_autograd():
    spec = small(hidden=(16, 8, 4), activation="tanh")
    start = train(spec, DIGITS)["signal"]["start"]
    hidden = torch.from_numpy(DIGITS.train.inputs[:256])
    outputs = []
    for name, layer in build(spec, features=64, classes=10).named_children():
        hidden = layer(hidden)
        if name.startswith("activation"):
            outputs.append(hidden)
    loss = nn.functional.cross_entropy(hidden, torch.from_numpy(DIGITS.train.targets[:256]))
    for index, gradient in enumerate(torch.autograd.grad(loss, outputs)):
        activation_rms = outputs[index].square().mean().sqrt().item()
        gradient_rms = gradient.square().mean().sqrt().item()
        assert start["activation_rms"][index] == pytest.approx(activation_rms, rel=1e-4)
        assert start["gradient_rms"][index] == pytest.approx(gradient_rms, rel=1e-4)


def test_the_test_part_is_evaluated_once_and_last(monkeypatch):
    seen = []

    def watch(network, part):
        seen.append(len(part))
        return evaluate(network, part)

    monkeypatch.setattr("ogive.study.training.evaluate", watch)
    train(small(), DIGITS)
    assert seen == [len(DIGITS.validation), len(DIGITS.validation), len(DIGITS.test)]


def test_the_test_part_has_no_say_in_the_training():
    hidden = Part(np.zeros_like(DIGITS.test.inputs), DIGITS.test.targets)
    blind = Dataset("digits", DIGITS.train, DIGITS.validation, hidden, 10)
    one, two = train(small(), DIGITS), train(small(), blind)
    assert one["curves"] == two["curves"]
    assert one["signal"] == two["signal"]
    assert one["test"] != two["test"]


def test_the_validation_part_has_no_say_in_the_training_either():
    hidden = Part(np.zeros_like(DIGITS.validation.inputs), DIGITS.validation.targets)
    blind = Dataset("digits", DIGITS.train, hidden, DIGITS.test, 10)
    one, two = train(small(), DIGITS), train(small(), blind)
    assert one["curves"]["train_loss"] == two["curves"]["train_loss"]
    assert one["test"] == two["test"]


def test_other_data_than_the_spec_names_is_refused():
    other = Dataset("letters", DIGITS.train, DIGITS.validation, DIGITS.test, 10)
    with pytest.raises(ValueError, match="'digits', not 'letters'"):
        train(small(), other)


# ---- divergence


def test_divergence_is_an_outcome():
    spec = small(activation="relu", protocol=Protocol(epochs=5, learning_rate=1e30))
    run = train(spec, DIGITS)
    assert run["outcome"] == "diverged"
    assert len(run["curves"]["train_loss"]) == 1
    assert run["curves"]["train_loss"] == [None]
    assert run["test"]["loss"] is None
    # A network that gives no answer is worth a blind guess.
    assert run["test"]["accuracy"] == pytest.approx(0.1, abs=0.02)
    canonical_json(run)


def test_rows_without_a_finite_answer_are_worth_a_guess():
    class Fixed(nn.Module):
        def forward(self, x):
            return torch.tensor([[0.0, 1.0], [math.nan, 1.0], [math.inf, 0.0], [3.0, 1.0]])

    part = Part(np.zeros((4, 1), np.float32), np.array([1, 1, 0, 1]))
    # One right, one wrong, two guessed among two classes.
    assert evaluate(Fixed(), part) == (0.5, None)


def test_a_diverged_run_counts_in_the_results():
    study = Study(
        activations=("relu", "tanh"), seeds=2, hidden=(8,), depths=(), protocol=Protocol(epochs=2)
    )
    runs = [train(spec, DIGITS) for spec in study.runs()]
    runs[0] |= {
        "outcome": "diverged",
        "test": {"accuracy": 0.1, "loss": None},
        "curves": {name: [None] for name in runs[0]["curves"]},
    }
    relu = assemble(study, runs).activation("relu")
    assert (relu.n, relu.diverged) == (2, 1)
    assert relu.mean == pytest.approx((0.1 + runs[2]["test"]["accuracy"]) / 2)
    assert relu.train_loss.n == (1, 1)
    assert relu.train_loss.sd == (None, None)


# ---- activations that learn, and that draw


@pytest.mark.parametrize("name", ["swish", "prelu", "srs", "pdelu", "pau", "xielu"])
def test_learned_parameters_are_trained_with_the_weights(name: str) -> None:
    network = build(small(activation=name), features=64, classes=10)
    shapes = [network.activation1(torch.ones(2, 16)), network.activation2(torch.ones(2, 8))]
    assert all(y.requires_grad for y in shapes)
    own = sum(key.startswith("activation") for key, _ in network.named_parameters())
    assert own == 2 * sum(1 for _ in network.activation1.parameters())
    run = train(small(activation=name), DIGITS)
    assert run["outcome"] == "finished"
    assert run["curves"]["train_loss"][-1] < run["curves"]["train_loss"][0]


def test_a_run_whose_activation_draws_is_reproducible() -> None:
    def numbers(seed: int) -> dict:
        run = train(small(activation="rrelu", seed=seed), DIGITS)
        return {key: value for key, value in run.items() if key != "timing"}

    first = numbers(0)
    torch.randn(1000)
    assert canonical_json(numbers(0)) == canonical_json(first)
    assert canonical_json(numbers(1)) != canonical_json(first)


def test_evaluation_draws_nothing_and_leaves_the_mode() -> None:
    network = build(small(activation="rrelu"), features=64, classes=10)
    assert evaluate(network, DIGITS.test) == evaluate(network, DIGITS.test)
    assert network.training
    network.eval()
    evaluate(network, DIGITS.test)
    assert not network.training


# ---- what is to be seen


def test_deep_sigmoid_with_default_initialisation_loses_its_gradient_and_relu_does_not():
    def start(name, initialization):
        network = RunSpec(
            hidden=(128,) * 10, activation=name, initialization=initialization, protocol=SHORT
        )
        gradients = train(network, DIGITS)["signal"]["start"]["gradient_rms"]
        return gradients[0] / gradients[-1]

    # torch's default loses a factor near sqrt(1/6) a layer with ReLU, far more with sigmoid.
    assert start("sigmoid", "default") < 1e-6
    assert start("relu", "default") > 1e-5
    assert start("relu", "matched") > 0.1
