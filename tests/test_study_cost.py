"""Costs: what is measured is named, taken in turns, counted right, and flagged when it must be."""

import itertools
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from ogive.study import Dataset, Grid, Part, Recipe, Store, Study, run_study
from ogive.study.activation import Activation
from ogive.study.cost import CostSpec, cost_specs, measure
from ogive.study.cost.alone import alone
from ogive.study.cost.measured import measured
from ogive.study.cost.memory import kept_bytes
from ogive.study.cost.network import in_network
from ogive.study.cost.others import Others
from ogive.study.cost.rounds import LEAST_ROUNDS, Clock, in_turns
from ogive.study.machine import Machine
from ogive.study.spec import spec_key

QUICK = 0.01


def dataset(shape=(6,), kind="vectors", classes=3, rows=90):
    random = np.random.default_rng(0)
    targets = np.arange(rows) % classes
    inputs = random.normal(size=(rows, *shape)).astype(np.float32)
    third = rows // 3
    parts = [Part(inputs[k::3][:third], targets[k::3][:third].astype(np.int64)) for k in range(3)]
    return Dataset(kind, *parts, classes)


DATA = dataset()


def spec(**changes):
    given = {"data": DATA, "model": "mlp:16x2", "activations": ("relu", "gelu"), "batch_size": 16}
    return CostSpec(**(given | changes))


class ANarrow(nn.Module):
    """A person's own that can be called with pictures only."""

    def forward(self, input):
        batch, channels, height, width = input.shape
        return input.clamp(min=0) + 0.0 * channels * height * width * batch


# ---- what is named


def test_a_spec_is_named_by_everything_that_it_depends_on():
    base = spec()
    different = [
        spec(activations=("relu",)),
        spec(activations=("relu", "leaky_relu:negative_slope=0.2")),
        spec(model="mlp:16x3"),
        spec(data=dataset(rows=60)),
        spec(batch_size=8),
        spec(optimizer="adamw"),
        spec(optimizer="sgd", momentum=0.9),
        spec(precision="bfloat16"),
        spec(machine=replace(base.machine, cpu="another")),
        spec(machine=replace(base.machine, torch="1.0")),
        spec(machine=replace(base.machine, ogive="0")),
    ]
    assert len({each.key for each in [base, *different]}) == len(different) + 1
    assert base.key == spec_key(base.to_dict()) == spec().key


@pytest.mark.parametrize("order", list(itertools.permutations(("relu", "gelu", "tanh"))))
def test_the_order_of_the_activations_is_no_part_of_it(order):
    assert spec(activations=order) == spec(activations=("gelu", "relu", "tanh"))
    assert spec(activations=order).key == spec(activations=("gelu", "relu", "tanh")).key


def test_a_spec_comes_back_from_what_is_stored():
    given = spec(activations=("relu", "leaky_relu:negative_slope=0.2"), precision="bfloat16")
    stored = json.loads(json.dumps(given.to_dict()))
    assert stored["kind"] == "cost"
    assert CostSpec.from_dict(stored) == given
    assert CostSpec.from_dict(stored).key == given.key
    with pytest.raises(ValueError, match="version"):
        CostSpec.from_dict(stored | {"version": 0})
    with pytest.raises(ValueError, match="model"):
        CostSpec.from_dict({key: stored[key] for key in stored if key != "model"})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"activations": ()}, "activations"),
        ({"activations": ("relu", "relu")}, "differ"),
        ({"batch_size": 0}, "batch_size"),
        ({"optimizer": "adan"}, "adam"),
        ({"precision": "float8"}, "float32"),
        ({"machine": "this"}, "machine"),
    ],
)
def test_what_cannot_be_measured_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        spec(**changes)


def test_a_study_asks_for_one_measurement_of_each_network():
    grids = (
        Grid(models=("mlp:8x1", "mlp:8x2"), initializations=("default", "matched")),
        Grid(models=("mlp:8x2",), protocols=("tuned",)),
    )
    recipe = Recipe(optimizer="sgd", momentum=0.9, batch_size=32, precision="bfloat16")
    study = Study(data=DATA, activations=("relu", "gelu"), grids=grids, recipe=recipe)
    specs = cost_specs(study)
    assert [str(each.model) for each in specs] == ["mlp:8x1", "mlp:8x2"]
    for each in specs:
        assert (each.batch_size, each.precision) == (32, "bfloat16")
        assert (each.optimizer, each.momentum) == ("sgd", 0.9)
        assert each.machine == Machine.this()


def test_naming_measurements_loads_no_torch():
    script = (
        "import sys; from ogive.study import Study; from ogive.study.cost import cost_specs; "
        "cost_specs(Study(activations=('relu',)))[0].key; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


# ---- in turns


class FakeTime:
    """Two clocks that only calls move; the second stands still while the process waits."""

    def __init__(self):
        self.now = self.worked = 0.0
        self.log = []

    def call(self, name, seconds, waits=lambda: 0.0):
        def run():
            self.log.append(name)
            self.worked += seconds
            self.now += seconds + waits()

        return run

    @property
    def clock(self):
        return Clock(lambda: self.now, lambda: self.worked)


def test_readings_are_taken_in_turns():
    time = FakeTime()
    calls = {name: time.call(name, seconds) for name, seconds in (("a", 1), ("b", 2), ("c", 3))}
    timings = in_turns(calls, 28.0, time.clock)
    # Calls of seconds are not repeated, so that the log is one call a reading, after the first.
    assert time.log[:3] == ["a", "b", "c"]
    rounds = ["".join(time.log[k : k + 3]) for k in range(3, len(time.log), 3)]
    assert rounds == ["abc", "bca", "cab", "abc", "bca"]
    assert timings.rounds == 5
    assert timings.seconds == {"a": [1] * 5, "b": [2] * 5, "c": [3] * 5}


def test_short_calls_are_repeated_and_slow_ones_are_made_a_few_times():
    time = FakeTime()
    timings = in_turns({"short": time.call("short", 1e-5), "slow": time.call("slow", 60.0)}, 1.0,
                       time.clock)  # fmt: skip
    assert timings.rounds == 1
    assert time.log.count("slow") == 2
    assert time.log.count("short") == 2 + 200
    assert timings.of("short", 1e9)["median"] == pytest.approx(1e4)


def test_there_are_some_rounds_where_the_time_is_short():
    time = FakeTime()
    timings = in_turns({"a": time.call("a", 1.0), "b": time.call("b", 1.0)}, 2.5, time.clock)
    assert timings.rounds == LEAST_ROUNDS


def test_rounds_in_which_the_process_waited_are_left_out():
    time = FakeTime()
    waits = itertools.chain([0.0], itertools.cycle([0.0, 5.0]))
    calls = {"a": time.call("a", 1.0, lambda: next(waits)), "b": time.call("b", 1.0)}
    timings = in_turns(calls, 60.0, time.clock)
    assert timings.rounds > 8
    assert abs(2 * timings.disturbed - timings.rounds) <= 1
    assert set(timings.seconds["a"]) == {1.0}
    assert timings.of("a") == {"best": 1.0, "median": 1.0}


def test_where_all_rounds_are_disturbed_all_count():
    time = FakeTime()
    timings = in_turns({"a": time.call("a", 1.0, lambda: 1.0)}, 20.0, time.clock)
    assert timings.disturbed == timings.rounds == len(timings.seconds["a"]) == 10
    assert timings.of("a")["best"] == 2.0


# ---- how busy the machine is


def stat(busy, idle=0, guest=0):
    return f"cpu  {busy - 7} 1 2 {idle} 5 1 1 2 {guest} 0\ncpu0 0 0 0 0\nintr 1\n"


@pytest.mark.parametrize(("used", "own", "share"), [(100, 1.0, 0.0), (150, 1.0, 0.5), (90, 1, 0)])
def test_what_others_used_is_what_the_system_counts_beside_this_process(used, own, share):
    texts = iter([stat(1000, 50), stat(1000 + used, 500, guest=80)])
    owns, walls = iter([3.0, 3.0 + own]), iter([10.0, 11.0])
    others = Others(lambda: next(texts), lambda: next(owns), lambda: next(walls), ticks=100)
    assert others.share() == pytest.approx(share)


def refused():
    raise FileNotFoundError


@pytest.mark.parametrize("read", [refused, lambda: "", lambda: "cpu a b", lambda: "intr 1 2 3"])
def test_where_the_system_does_not_tell_it_is_not_known(read):
    assert Others(read).share() is None


def test_a_busy_machine_is_flagged(monkeypatch):
    for share, flagged in ((0.05, False), (0.5, True), (None, False)):
        monkeypatch.setattr("ogive.study.cost.others.Others.share", lambda self, s=share: s)
        monkeypatch.setattr("ogive.study.cost.rounds.WAITED", 1e9)
        record = measured(spec(activations=("relu",)), DATA, effort=QUICK)
        assert (record["busy"], record["flagged"]) == (share, flagged)
    monkeypatch.setattr("ogive.study.cost.rounds.WAITED", 0.0)
    record = measured(spec(activations=("relu",)), DATA, effort=QUICK)
    assert record["rounds"]["disturbed"] == record["rounds"]["made"]
    assert record["flagged"]


# ---- memory


def test_every_storage_is_counted_once_and_parameters_are_not():
    layer = nn.Linear(10, 10)
    x = torch.randn(5, 10)

    def call():
        hidden = torch.relu(layer(x))
        return layer(hidden) + hidden.exp().sum()  # relu, layer and exp: two results kept

    own = 5 * 10 * 4
    assert kept_bytes(call, layer.parameters()) == own + 2 * own
    assert kept_bytes(call, [*layer.parameters(), x]) == 2 * own


KEPT = {"relu": 4, "sigmoid": 4, "gelu": 4, "prelu": 4, "rrelu": 8, "swish": 4, "swiglu": 8}


def test_an_activation_alone_keeps_what_is_known():
    # The figures of docs/torch.md; a gated unit keeps both of its halves.
    activations = tuple(map(Activation.read, KEPT))
    costs, timings = alone(activations, sizes={"tiny": 128}, effort=QUICK)
    assert {label: cost["bytes_kept"] for label, cost in costs.items()} == KEPT
    assert len(timings) == 2
    for cost in costs.values():
        for way in ("forward", "forward_backward"):
            assert 0 < cost["tiny"][way]["best"] <= cost["tiny"][way]["median"]


def test_a_persons_own_that_takes_no_matrix_is_left_out():
    own = Activation.read(ANarrow)
    costs, timings = alone((own, Activation("relu")), sizes={"tiny": 128}, effort=QUICK)
    assert costs[own.label] is None
    assert costs["relu"]["tiny"]["forward"]["best"] > 0
    assert all(list(each.seconds) == ["relu"] for each in timings)
    assert alone((own,), sizes={"tiny": 128}, effort=QUICK) == ({own.label: None}, [])


@pytest.mark.parametrize("batch_size", [1, 16, 1000])
def test_a_network_keeps_what_its_layers_keep_whatever_the_batch(batch_size):
    found, _ = in_network(spec(batch_size=batch_size), DATA, effort=QUICK)
    # relu's result is what the next layer keeps; gelu's argument is kept beside it. And the loss
    # keeps the logarithms of 3 probabilities.
    assert found["relu"]["bytes_kept_per_row"] == 2 * 16 * 4 + 3 * 4
    assert found["gelu"]["bytes_kept_per_row"] == 2 * 2 * 16 * 4 + 3 * 4


def test_learned_parameters_are_counted():
    found, _ = in_network(spec(activations=("relu", "prelu", "pau")), DATA, effort=QUICK)
    plain = 6 * 16 + 16 + 16 * 16 + 16 + 16 * 3 + 3
    learned = {"relu": 0, "prelu": 2, "pau": 20}
    for label, cost in found.items():
        assert cost["learned"] == learned[label]
        assert cost["parameters"] == plain + learned[label]


# ---- the record


@pytest.mark.parametrize(
    ("data", "model", "precision", "activations"),
    [
        (DATA, "mlp:16x2:norm=batch", "float32", ("relu", "gelu")),
        (dataset((1, 8, 8), "images"), "mlp:16x1", "bfloat16", ("relu", "silu")),
        (dataset((5, 4), "sequences"), "lstm:8", "float32", ("tanh", "relu")),
    ],
)
def test_a_record_has_everything_and_is_fit_for_the_store(data, model, precision, activations):
    given = spec(data=data, model=model, precision=precision, activations=activations)
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    record = measured(given, data, effort=QUICK)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)
    json.dumps(record, allow_nan=False)
    assert record["key"] == spec_key(record["spec"]) == given.key
    assert set(record["alone"]) == set(record["network"]) == set(activations)
    for label in activations:
        cost = record["alone"][label]
        times = [cost[size][way] for size in ("in_cache", "beyond_cache")
                 for way in ("forward", "forward_backward")]  # fmt: skip
        times += [record["network"][label][way] for way in ("forward", "step")]
        assert all(0 < each["best"] <= each["median"] for each in times)
    assert record["rounds"]["made"] >= 6  # two sizes there and back, forward and step
    assert isinstance(record["flagged"], bool)
    assert record["environment"]["torch"] == torch.__version__


def test_training_steps_leave_the_weights_as_they_were(monkeypatch):
    from ogive.study.cost import network as network_module

    kept = []
    make = network_module.build

    def build(*arguments):
        network, sites = make(*arguments)
        kept.append((network, [each.clone() for each in network.parameters()]))
        return network, sites

    monkeypatch.setattr(network_module, "build", build)
    in_network(spec(optimizer="adamw"), DATA, effort=QUICK)
    assert len(kept) == 2
    for network, before in kept:
        for parameter, old in zip(network.parameters(), before, strict=True):
            assert torch.equal(parameter, old)
            assert parameter.grad is None


def test_costs_of_another_machine_are_not_measured_here():
    elsewhere = spec(machine=replace(Machine.this(), cpu="another"))
    with pytest.raises(ValueError, match="another"):
        measure(elsewhere, DATA)


def test_a_study_measures_its_costs_once(tmp_path):
    grid = Grid(models=("mlp:8x1",), seeds=1)
    study = Study(activations=("relu",), grids=(grid,), recipe=Recipe(epochs=1), cost=True)
    with Store(tmp_path / "runs.sqlite") as store:
        counts = run_study(study, store, workers=1).counts
        assert (counts.finished, counts.failed) == (2, 0)
        record = store.get(cost_specs(study)[0].key)
        assert record["network"]["relu"]["parameters"] == 64 * 8 + 8 + 8 * 10 + 10
        assert run_study(study, store, workers=1).counts.finished == 0
