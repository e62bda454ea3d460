"""Training: initial draw and order are paired, a run is reproducible, divergence is said."""

import json
import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from ogive import catalog
from ogive.study import Dataset, Part, Recipe, RunSpec, Study
from ogive.study.augment import augmented
from ogive.study.data import Data
from ogive.study.evaluation import judge, judge_outputs
from ogive.study.models import build as building
from ogive.study.schedules import rate_at
from ogive.study.spec import canonical_json
from ogive.study.tensors import as_tensors
from ogive.study.training import data_order, train
from ogive.torch.init import init_network_

DIGITS = Data("digits").load()
SHORT = Recipe(epochs=2)
ACTIVATIONS = [activation.label for activation in Study().activations]
EXAMPLE = torch.from_numpy(DIGITS.train.inputs[:256])


def small(**changes):
    return RunSpec(**({"model": "mlp:16-8", "recipe": SHORT} | changes))


def build(spec):
    return building.build(spec, DIGITS.shape, EXAMPLE)[0]


def weights(spec):
    return [layer.weight.detach() for layer in build(spec) if isinstance(layer, nn.Linear)]


# ---- initial draw and order


@pytest.mark.parametrize("depth", [2, 10])
def test_default_draw_is_the_same_for_every_activation(depth):
    first, *others = [
        weights(RunSpec(model=f"mlp:24x{depth}", activation=name, initialization="default", seed=3))
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
    ours = build(RunSpec(activation=name, model="mlp:128-96"))
    theirs = build(RunSpec(activation=name, model="mlp:128-96"))
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
    for spec in (small(), small(activation="sigmoid"), small(model="mlp:8x1", activation="gelu")):
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
    spec = small(model="mlp:16-8-4", activation="tanh", initialization="default")
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
    spec = small(activation="tanh", recipe=Recipe(epochs=2, batch_size=100))
    run = train(spec, DIGITS)
    network = build(spec)
    optimizer = torch.optim.Adam(network.parameters(), lr=spec.recipe.learning_rate)
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
    spec = small(model="mlp:16-8-4", activation="tanh")
    start = train(spec, DIGITS)["signal"]["start"]
    hidden = torch.from_numpy(DIGITS.train.inputs[:256])
    outputs = []
    for name, layer in build(spec).named_children():
        hidden = layer(hidden)
        if name.startswith("activation"):
            outputs.append(hidden)
    loss = nn.functional.cross_entropy(hidden, torch.from_numpy(DIGITS.train.targets[:256]))
    for index, gradient in enumerate(torch.autograd.grad(loss, outputs)):
        activation_rms = outputs[index].square().mean().sqrt().item()
        gradient_rms = gradient.square().mean().sqrt().item()
        assert start["activation_rms"][index] == pytest.approx(activation_rms, rel=1e-4)
        assert start["gradient_rms"][index] == pytest.approx(gradient_rms, rel=1e-4)


def rows_seen(spec):
    """Which part of the data each pass through the network saw, and in which mode."""
    held = {name: as_tensors(part).inputs for name, part in DIGITS.parts.items()}
    seen = []

    def look(module, arguments):
        if isinstance(module, nn.Sequential):
            own = arguments[0].untyped_storage().data_ptr()
            part = [n for n, x in held.items() if x.untyped_storage().data_ptr() == own]
            seen.append((module.training, *part))

    handle = nn.modules.module.register_module_forward_pre_hook(look)
    try:
        train(spec, DIGITS)
    finally:
        handle.remove()
    return seen


def test_the_test_part_is_seen_last_and_never_in_training():
    seen = rows_seen(small())
    first = seen.index((False, "test"))
    assert (True, "test") not in seen
    assert (True,) in seen[:first]  # batches, which are copies of training rows
    assert not any(mode for mode, *_ in seen[first:])
    assert (False, "validation") not in seen[first:]


def test_tuning_does_not_see_the_test_part():
    assert "test" in {part for _, *parts in rows_seen(small()) for part in parts}
    seen = rows_seen(small(part="validation"))
    assert {part for _, *parts in seen for part in parts} == {"train", "validation"}
    assert "test" not in train(small(part="validation"), DIGITS)


def test_the_test_part_has_no_say_in_the_training():
    hidden = Part(np.zeros_like(DIGITS.test.inputs), DIGITS.test.targets)
    blind = Dataset("images", DIGITS.train, DIGITS.validation, hidden, 10)
    one, two = train(small(), DIGITS), train(small(), blind)
    assert one["curves"] == two["curves"]
    assert one["signal"] == two["signal"]
    assert one["test"] != two["test"]


def test_the_validation_part_has_no_say_in_the_training_either():
    hidden = Part(np.zeros_like(DIGITS.validation.inputs), DIGITS.validation.targets)
    blind = Dataset("images", DIGITS.train, hidden, DIGITS.test, 10)
    one, two = train(small(), DIGITS), train(small(), blind)
    assert one["curves"]["train_loss"] == two["curves"]["train_loss"]
    assert one["test"] == two["test"]


# ---- divergence


def test_divergence_is_an_outcome():
    spec = small(activation="relu", recipe=Recipe(epochs=5, learning_rate=1e30))
    run = train(spec, DIGITS)
    assert run["outcome"] == "diverged"
    assert len(run["curves"]["train_loss"]) == 1
    assert run["curves"]["train_loss"] == [None]
    assert run["test"]["loss"] is None
    # A network that gives no answer is worth a blind guess.
    assert run["test"]["accuracy"] == pytest.approx(0.1, abs=0.02)
    canonical_json(run)


def test_rows_without_a_finite_answer_are_worth_a_guess():
    outputs = torch.tensor([[0.0, 1.0], [math.nan, 1.0], [math.inf, 0.0], [3.0, 1.0]])
    # One right, one wrong, two guessed among two classes.
    judged = judge_outputs(outputs, torch.tensor([1, 1, 0, 1]))
    assert (judged.accuracy, judged.loss) == (0.5, None)


def test_a_step_of_a_sequence_is_judged_like_a_row():
    outputs = torch.randn(5, 7, 3, generator=torch.Generator().manual_seed(0))
    targets = torch.arange(35).view(5, 7) % 3
    flat = judge_outputs(outputs.view(35, 3), targets.view(35))
    assert judge_outputs(outputs, targets) == flat


# ---- activations that learn, and that draw


@pytest.mark.parametrize("name", ["swish", "prelu", "srs", "pdelu", "pau", "xielu"])
def test_learned_parameters_are_trained_with_the_weights(name: str) -> None:
    network = build(small(activation=name))
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
    network, part = build(small(activation="rrelu")), as_tensors(DIGITS.test)
    assert judge(network, part) == judge(network, part)
    assert network.training
    network.eval()
    judge(network, part)
    assert not network.training


# ---- how it is trained


def followed(spec):
    """The losses of each epoch and the network, by hand and with torch's own pieces."""
    network = build(spec)
    recipe = spec.recipe
    weights = [p for p in network.parameters() if p.dim() > 1]
    biases = [p for p in network.parameters() if p.dim() < 2]
    optimizer = torch.optim.SGD(
        [{"params": weights, "weight_decay": recipe.weight_decay}, {"params": biases}],
        lr=recipe.learning_rate, momentum=recipe.momentum, nesterov=recipe.momentum > 0,
    )  # fmt: skip
    inputs, targets = map(torch.from_numpy, (DIGITS.train.inputs, DIGITS.train.targets))
    steps = math.ceil(len(targets) / recipe.batch_size) * recipe.epochs
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    losses = []
    for order in data_order(spec.seed, len(targets), recipe.epochs):
        total = 0.0
        for batch in torch.split(order, recipe.batch_size):
            loss = nn.functional.cross_entropy(network(inputs[batch]), targets[batch])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        losses.append(total / len(targets))
    return losses


def test_schedule_decay_momentum_and_clipping_are_those_of_torch():
    spec = small(
        recipe=Recipe(epochs=3, optimizer="sgd", learning_rate=0.1, momentum=0.9, clip=0.5,
                      weight_decay=1e-2, schedule="cosine", batch_size=128),
    )  # fmt: skip
    run = train(spec, DIGITS)
    assert run["curves"]["train_loss"] == pytest.approx(followed(spec), rel=1e-4)
    for change in ({"schedule": "constant"}, {"clip": 0.0}, {"weight_decay": 0.0}):
        values = spec.recipe.to_dict() | change
        other = train(small(recipe=Recipe.from_dict(values)), DIGITS)
        assert other["curves"] != run["curves"], change


@pytest.mark.parametrize("schedule", ["constant", "step", "cosine", "one-cycle"])
def test_a_schedule_never_leaves_0_to_1_and_reaches_its_top(schedule):
    rates = [rate_at(schedule, step / 1000) for step in range(1000)]
    assert max(rates) == 1.0
    assert min(rates) >= 0
    late = rates.index(1.0) if schedule == "one-cycle" else 0
    assert all(a >= b for a, b in zip(rates[late:], rates[late + 1 :], strict=False))


def test_bfloat16_trains_and_gives_other_numbers():
    plain = train(small(), DIGITS)
    half = train(small(recipe=Recipe(epochs=2, precision="bfloat16")), DIGITS)
    assert half["outcome"] == "finished"
    assert half["curves"]["train_loss"] != plain["curves"]["train_loss"]
    assert half["curves"]["train_loss"] == pytest.approx(plain["curves"]["train_loss"], rel=0.05)


def test_pictures_are_changed_in_training_alone_and_alike_for_every_activation():
    images = torch.arange(2 * 3 * 16 * 16, dtype=torch.float32).view(2, 3, 16, 16)
    one, two = (augmented(images, "crop-flip", torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(one, two)
    assert not torch.equal(one, images)
    flips = [
        augmented(images, "flip", torch.Generator().manual_seed(seed))[0] for seed in range(20)
    ]
    turned = [torch.equal(flip, images[0].flip(2)) for flip in flips]
    assert 4 < sum(turned) < 16
    assert all(t or torch.equal(flip, images[0]) for t, flip in zip(turned, flips, strict=True))
    padded = nn.functional.pad(images, (2, 2, 2, 2))
    windows = [padded[0, :, y : y + 16, x : x + 16] for y in range(5) for x in range(5)]
    for seed in range(30):
        cropped = augmented(images, "crop", torch.Generator().manual_seed(seed))[0]
        assert sum(torch.equal(cropped, window) for window in windows) == 1


# ---- initialisation


@pytest.mark.parametrize("name", ["relu", "sigmoid", "gelu"])
def test_lsuv_gives_every_layer_unit_variance_on_the_first_rows(name):
    network = build(small(activation=name, initialization="lsuv"))
    sums = []
    for layer in network:
        if isinstance(layer, nn.Linear):
            layer.register_forward_hook(lambda *call: sums.append(call[2].var(correction=0).item()))
    network.eval()(EXAMPLE)
    assert sums == pytest.approx([1.0] * 3, abs=0.11)


def test_gain_scales_all_layers_but_the_last():
    for initialization in ("default", "matched", "lsuv"):
        plain, scaled = (weights(small(initialization=initialization, gain=g)) for g in (1.0, 1.5))
        for a, b in zip(plain[:-1], scaled[:-1], strict=True):
            torch.testing.assert_close(1.5 * a, b)
        assert torch.equal(plain[-1], scaled[-1])


def test_an_activation_of_ones_own_is_matched_by_what_it_does_to_the_signal(tmp_path, monkeypatch):
    (tmp_path / "units.py").write_text("def half(x):\n    return 0.5 * x.relu()\n")
    monkeypatch.syspath_prepend(tmp_path)
    ours, relu = weights(small(activation="units:half")), weights(small(activation="relu"))
    for a, b in zip(ours[:-1], relu[:-1], strict=True):
        torch.testing.assert_close(a, 2 * b, rtol=1e-2, atol=0)
    assert torch.equal(ours[-1], relu[-1])


# ---- what is to be seen


def test_deep_sigmoid_with_default_initialisation_loses_its_gradient_and_relu_does_not():
    def start(name, initialization):
        network = RunSpec(
            model="mlp:128x10", activation=name, initialization=initialization, recipe=SHORT
        )
        gradients = train(network, DIGITS)["signal"]["start"]["gradient_rms"]
        return gradients[0] / gradients[-1]

    # torch's default loses a factor near sqrt(1/6) a layer with ReLU, far more with sigmoid.
    assert start("sigmoid", "default") < 1e-6
    assert start("relu", "default") > 1e-5
    assert start("relu", "matched") > 0.1
