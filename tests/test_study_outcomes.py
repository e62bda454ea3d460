"""Outcomes: calibration, mistakes, robustness, sparsity and health are what they say."""

import json
import math
import subprocess
import sys
import zlib
from base64 import b64encode

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from torch import nn

from ogive.health import Checkup
from ogive.study import Recipe, RunSpec
from ogive.study import training as training_module
from ogive.study.activation import Activation
from ogive.study.calls import CALLS
from ogive.study.evaluation import judge_outputs, outputs_of
from ogive.study.models.build import build
from ogive.study.outcomes import calibration as calibration_module
from ogive.study.outcomes.calibration import BINS, calibration
from ogive.study.outcomes.mistakes import NO_ANSWER, decode, encode, wrong_answers
from ogive.study.outcomes.robustness import NOISE, robustness
from ogive.study.outcomes.rows import NOISY
from ogive.study.outcomes.sparsity import sparsity
from ogive.study.sites import Sites
from ogive.study.tensors import Tensors, as_tensors
from ogive.study.training import train

SHORT = Recipe(epochs=2)
OUTCOMES = ("test", "calibration", "mistakes", "robustness", "sparsity", "health")


def drawn(rows, classes, seed=0, scale=2.0):
    generator = torch.Generator().manual_seed(seed)
    outputs = scale * torch.randn(rows, classes, generator=generator)
    return outputs, torch.randint(classes, (rows,), generator=generator)


def small(**changes):
    return RunSpec(**({"model": "mlp:16x2", "recipe": SHORT} | changes))


@pytest.fixture(scope="module")
def run():
    return train(small())


# ---- calibration


def confidences(outputs, targets):
    logits = outputs.double().numpy()
    probabilities = np.exp(logits - logits.max(1, keepdims=True))
    probabilities /= probabilities.sum(1, keepdims=True)
    return probabilities.max(1), probabilities.argmax(1) == targets.numpy()


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(1, 300), classes=st.integers(2, 12), seed=st.integers(0, 10**6))
def test_the_bins_hold_what_a_plain_count_finds(rows, classes, seed):
    outputs, targets = drawn(rows, classes, seed)
    confidence, right = confidences(outputs, targets)
    found = calibration(outputs, targets)
    for place in range(BINS):
        within = (confidence > place / BINS) & (confidence <= (place + 1) / BINS)
        assert found["count"][place] == within.sum()
        assert found["right"][place] == (within & right).sum()
        assert found["confidence"][place] == pytest.approx(confidence[within].sum(), abs=1e-9)
    assert found["unanswered"] == 0


def test_the_curve_is_that_of_scikit_learn():
    outputs, targets = drawn(5000, 4)
    confidence, right = confidences(outputs, targets)
    shares, means = calibration_curve(right, confidence, n_bins=BINS, strategy="uniform")
    found = calibration(outputs, targets)
    count = np.array(found["count"])
    np.testing.assert_allclose(np.array(found["right"])[count > 0] / count[count > 0], shares)
    np.testing.assert_allclose(np.array(found["confidence"])[count > 0] / count[count > 0], means)


def test_a_sure_answer_is_in_the_last_bin_and_a_blind_one_in_that_of_its_share():
    outputs = torch.tensor([[200.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    found = calibration(outputs, torch.tensor([0, 1]))
    assert [place for place, count in enumerate(found["count"]) if count] == [4, BINS - 1]
    assert found["confidence"][-1] == 1.0


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_rows_without_a_finite_answer_are_counted_and_nothing_else(broken):
    outputs, targets = drawn(50, 3)
    whole = calibration(outputs[10:], targets[10:])
    outputs[:10, 1] = broken
    assert calibration(outputs, targets) == {**whole, "unanswered": 10}


def test_steps_of_sequences_are_answers_of_their_own():
    outputs, targets = drawn(60, 5)
    flat = calibration(outputs, targets)
    assert calibration(outputs.view(12, 5, 5), targets.view(12, 5)) == flat


def test_of_very_many_answers_evenly_spaced_ones_count(monkeypatch):
    monkeypatch.setattr(calibration_module, "MOST", 40)
    outputs, targets = drawn(100, 3)
    assert calibration(outputs, targets) == calibration(outputs[::3], targets[::3])


# ---- mistakes


@given(
    st.dictionaries(
        st.one_of(st.integers(0, 300), st.integers(0, 2**32 - 2)),
        st.one_of(st.integers(-1, 10), st.integers(-1, 2**32 - 2)),
        max_size=60,
    )
)
def test_mistakes_come_back(mistakes):
    text = encode(mistakes)
    assert decode(text) == mistakes
    assert list(decode(text)) == sorted(mistakes)
    assert text.isascii()


def test_mistakes_take_little_room():
    random = np.random.default_rng(0)
    rows = random.choice(10_000, 300, replace=False)
    text = encode({int(row): int(random.integers(10)) for row in rows})
    # A row of 10,000 has about log2(33) + log2(10) bits to tell: 315 bytes, or 420 letters.
    assert len(text) < 2 * 420


@pytest.mark.parametrize("mistakes", [{-1: 0}, {2**32: 0}, {0: -2}, {0: 2**32}])
def test_what_cannot_be_a_mistake_is_refused(mistakes):
    with pytest.raises(ValueError, match="must be from"):
        encode(mistakes)


@pytest.mark.parametrize(
    "text",
    [
        "no base64!",
        b64encode(b"not compressed").decode(),
        b64encode(zlib.compress(b"123")).decode(),
        b64encode(zlib.compress(b"1234")).decode(),
    ],
)
def test_a_damaged_text_is_refused(text):
    with pytest.raises(ValueError, match="not the mistakes"):
        decode(text)


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(1, 100), seed=st.integers(0, 10**6), broken=st.integers(0, 5))
def test_mistakes_and_accuracy_agree(rows, seed, broken):
    outputs, targets = drawn(rows, 4, seed)
    outputs[:broken, 0] = math.nan
    broken = min(broken, rows)
    mistakes = wrong_answers(outputs, targets)
    assert sum(answer == NO_ANSWER for answer in mistakes.values()) == broken
    right = rows - len(mistakes) + broken / 4
    assert judge_outputs(outputs, targets).accuracy == pytest.approx(right / rows)
    for row, answer in mistakes.items():
        assert answer != targets[row]
        assert answer == NO_ANSWER or outputs[row].argmax() == answer


def test_reading_mistakes_loads_no_torch():
    script = (
        "import sys; from ogive.study.outcomes.mistakes import decode, encode; "
        "decode(encode({1: 2})); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


# ---- robustness


def linear(classes=3, features=6, seed=0):
    torch.manual_seed(seed)
    return nn.Linear(features, classes)


def part_of(rows, classes=3, features=6):
    inputs, _ = drawn(rows, features, 1, 1.0)
    return Tensors(inputs, drawn(rows, classes, 2)[1])


def test_without_noise_the_accuracy_is_that_of_the_test_part():
    network, part = linear(), part_of(700)
    expected = judge_outputs(outputs_of(network, part.inputs), part.targets).accuracy
    found = robustness(network, part, noise=(0.0, 1e-7))
    assert found["accuracy"] == [expected, expected]


def test_the_noise_is_gaussian_of_the_declared_size_and_the_same_for_every_network():
    seen = {}

    class Ears(nn.Module):
        def __init__(self, name):
            super().__init__()
            self.heard = seen.setdefault(name, [])

        def forward(self, inputs):
            self.heard.append(inputs.clone())
            return inputs[:, :3]

    part = part_of(1200)
    for name in ("one", "other"):
        robustness(Ears(name), part)
        torch.rand(3)  # whatever a network draws for itself
    for one, other in zip(seen["one"], seen["other"], strict=True):
        assert torch.equal(one, other)
    levels = [torch.cat(seen["one"][place :: len(NOISE)]) - part.inputs for place in range(4)]
    for size, noise in zip(NOISE, levels, strict=True):
        # 7,200 draws: a standard error of 0.8 % of the spread.
        assert noise.std().item() == pytest.approx(size, rel=0.04)
        torch.testing.assert_close(noise / size, levels[-1], atol=1e-5, rtol=1e-4)


def test_a_fixed_number_of_rows_counts():
    network, part = linear(), part_of(NOISY + 300)
    assert robustness(network, part) == robustness(network, part.head(NOISY))


def test_a_network_without_answers_is_worth_a_blind_guess():
    network = linear()
    with torch.no_grad():
        network.bias.fill_(math.nan)
    assert robustness(network, part_of(30))["accuracy"] == pytest.approx([1 / 3] * 4)


def test_more_noise_makes_a_trained_network_worse(run):
    accuracy = [run["test"]["accuracy"], *run["robustness"]["accuracy"]]
    assert accuracy[0] > accuracy[3] > accuracy[4]


# ---- sparsity


def at_start(activation, **changes):
    spec = small(activation=activation, **changes)
    data = spec.data.load()
    network, sites = build(spec, data.shape, as_tensors(data.train).inputs[:256])
    return sparsity(network, sites, as_tensors(data.test))


@pytest.mark.parametrize(("activation", "share"), [("relu", 0.5), ("gelu", 0), ("tanh", 0)])
def test_a_fresh_network_is_as_sparse_as_its_activation_is(activation, share):
    found = at_start(activation, model="mlp:128x3")
    assert found["zero"] == pytest.approx([share] * 3, abs=0.1 if share else 0)
    assert all(small >= zero for small, zero in zip(found["small"], found["zero"], strict=True))


def test_the_shares_are_those_of_a_plain_count():
    values = torch.tensor([[-3.0, 0.0, 0.02, 4.0], [0.0, -0.03, 5.0, 0.001]])
    sites = Sites(Activation("leaky_relu"))
    found = sparsity(nn.Sequential(sites()), sites, Tensors(values, torch.zeros(2).long()))
    outputs = np.where(values > 0, values, 0.01 * values)
    rms = math.sqrt(np.mean(outputs**2))
    expected = np.mean(np.abs(outputs) <= 0.01 * rms)
    assert found == {"zero": [0.25], "small": [expected]}


def test_outputs_that_are_all_zero_are_small_and_broken_ones_are_none():
    sites = Sites(Activation("relu"))
    network = nn.Sequential(sites(), nn.Linear(3, 3), sites())
    nn.init.constant_(network[1].weight, math.nan)
    part = Tensors(-torch.ones(4, 3), torch.zeros(4).long())
    assert sparsity(network, sites, part) == {"zero": [1.0, None], "small": [1.0, None]}
    assert all(not module._forward_hooks for module in sites.made)


def test_of_a_place_that_is_called_at_every_step_some_calls_are_told():
    sites = Sites(Activation("relu"))
    place = sites()

    class Loop(nn.Module):
        def forward(self, inputs):
            for step in range(30):
                inputs = place(inputs - (step == 29) * 1e9)
            return inputs

    found = sparsity(Loop(), sites, part_of(5))
    assert len(found["zero"]) == CALLS
    # The last call is among them.
    assert found["zero"][-1] == 1.0
    assert found["zero"][-2] < 1.0


# ---- of a whole run


def test_a_run_has_every_outcome_and_is_fit_for_the_store(run):
    assert all(run[name] is not None for name in OUTCOMES)
    json.dumps(run, allow_nan=False)
    test = RunSpec.from_dict(run["spec"]).data.load().test
    rows = len(test)
    assert sum(run["calibration"]["count"]) + run["calibration"]["unanswered"] == rows
    right = sum(run["calibration"]["right"])
    assert run["test"]["accuracy"] == pytest.approx(right / rows)
    mistakes = decode(run["mistakes"])
    assert len(mistakes) == rows - right
    assert all(test.targets[row] != answer for row, answer in mistakes.items())
    assert run["robustness"]["noise"] == list(NOISE)
    assert len(run["sparsity"]["zero"]) == len(run["signal"]["end"]["activation_rms"]) == 2


def test_outcomes_are_the_same_when_a_run_is_repeated(run):
    again = train(small())
    assert all(run[name] == again[name] for name in OUTCOMES)


def test_a_diverged_run_has_outcomes_without_a_number_that_is_not_finite():
    run = train(small(recipe=Recipe(epochs=2, learning_rate=1e25)))
    assert run["outcome"] == "diverged"
    json.dumps(run, allow_nan=False)
    rows = len(RunSpec().data.load().test)
    assert run["calibration"]["unanswered"] == rows
    assert set(decode(run["mistakes"]).values()) == {NO_ANSWER}
    assert run["robustness"]["accuracy"] == pytest.approx([0.1] * 4)
    assert run["sparsity"]["zero"][-1] is None
    assert "not finite" in [finding["kind"] for finding in run["health"]["findings"]]


def test_trials_of_tuning_have_none():
    assert not set(OUTCOMES) & train(small(part="validation")).keys()


# ---- health


def test_a_deep_sigmoid_network_is_sick_and_one_of_relu_is_well():
    deep = {"model": "mlp:32x10", "initialization": "default"}
    sick = train(small(activation="sigmoid", **deep))["health"]
    kinds = {each["kind"] for each in sick["findings"] if each["severity"] == "error"}
    assert kinds & {"initialisation", "vanishing"}
    assert len(sick["saturation"]) == len(sick["dead"]) == len(sick["layers"]) == 10
    assert all(each["title"] for each in sick["findings"])
    well = train(small(activation="relu"))["health"]
    assert not [each for each in well["findings"] if each["severity"] == "error"]
    assert well["layers"] == ["linear1", "linear2"]
    # relu is flat on one side only: it has dead units, and no saturation.
    assert well["saturation"] == [None, None]
    assert max(well["dead"]) < 0.5


def test_saturated_units_are_seen():
    flat = train(small(activation="tanh", gain=20.0))["health"]["saturation"]
    usual = train(small(activation="tanh"))["health"]["saturation"]
    assert max(usual) < 0.75 < min(flat)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "rrelu"])
def test_the_check_up_does_not_change_the_training(monkeypatch, activation):
    watched = train(small(activation=activation))
    looks = training_module.examined

    def unwatched(*arguments, wanted):
        return looks(*arguments, wanted=False)

    monkeypatch.setattr(training_module, "examined", unwatched)
    alone = train(small(activation=activation))
    assert alone.pop("health") is None
    assert watched.pop("health") is not None
    for run in (watched, alone):
        del run["timing"]
    assert watched == alone


def test_other_seeds_and_trainings_under_a_check_up_have_none(run):
    assert train(small(seed=1))["health"] is None
    with Checkup() as checkup:
        within = train(small())
    assert within["health"] is None
    assert within["curves"] == run["curves"]
    assert checkup.history.steps > 0
