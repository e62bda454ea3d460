"""Recurrent networks and transformers of a study: right, paired, reproducible, of equal size."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ogive.study.activation import GATED, Activation
from ogive.study.calls import CALLS, told
from ogive.study.data import Dataset, Part, Shape
from ogive.study.model import Model
from ogive.study.models.build import build, make
from ogive.study.models.feedforward import FeedForward, hidden_units
from ogive.study.models.recurrent import GRULayer, LSTMLayer
from ogive.study.models.steps import as_steps, steps_of
from ogive.study.models.transformer import SPREAD
from ogive.study.recipe import Recipe
from ogive.study.sites import Sites
from ogive.study.spec import RunSpec
from ogive.study.training import train

SEQUENCES = Shape("sequences", (6, 3), 4)
IMAGES = Shape("images", (2, 8, 12), 4)
TOKENS = Shape("tokens", (6,), 11)
CLASSIFIERS = ["lstm:8:layers=2", "gru:8:layers=2", "transformer:8:heads=2"]
CHARLM = "charlm:8:depth=2:heads=2"
CASES = [
    *((model, SEQUENCES) for model in CLASSIFIERS),
    *((model, IMAGES) for model in CLASSIFIERS),
    (CHARLM, TOKENS),
    (f"{CHARLM}:tied=yes:dropout=0.1", TOKENS),
]
GATED_CASES = [case for case in CASES if Model.read(case[0]).kind.gated]


def rows_of(shape, rows=32, seed=0):
    random = np.random.default_rng(seed)
    if shape.kind == "tokens":
        return torch.from_numpy(random.integers(shape.classes, size=(rows, *shape.inputs)))
    return torch.from_numpy(random.normal(size=(rows, *shape.inputs)).astype(np.float32))


def network_of(model, activation, shape, seed=0):
    return make(Model.read(model), Activation.read(activation), shape, seed)[0]


def dataset_of(shape, rows=64):
    """Return data whose target is there to be seen: the sign of a sum, the token seen last."""

    def part(seed):
        inputs = rows_of(shape, rows, seed).numpy()
        if shape.kind == "tokens":
            return Part(inputs, np.roll(inputs, 1, axis=1))
        sums = inputs.reshape(rows, 2, -1).sum(axis=2) > 0
        return Part(inputs, (2 * sums[:, 0] + sums[:, 1]).astype(np.int64))

    return Dataset(shape.kind, part(1), part(2), part(3), shape.classes)


# ---- recurrent layers against torch's


def torch_twin(layer, kind, inputs, width):
    """Return torch's own layer with the weights of `layer`, and which rows are the candidate's."""
    twin = kind(inputs, width).double()
    # An LSTM's rows are: enter, keep, candidate, leave; a GRU's: reset, keep, candidate.
    candidate = torch.zeros(twin.weight_ih_l0.shape[0], dtype=torch.bool)
    candidate[2 * width : 3 * width] = True
    with torch.no_grad():
        for name, part in (("ih", "input"), ("hh", "recurrent")):
            for rows, of in ((candidate, "candidate"), (~candidate, "gates")):
                linear = getattr(layer, f"{part}_{of}")
                getattr(twin, f"weight_{name}_l0")[rows] = linear.weight
                bias = 0 if linear.bias is None else linear.bias
                getattr(twin, f"bias_{name}_l0")[rows] = bias
    return twin, candidate


@pytest.mark.parametrize("steps", [1, 2, 9])
@pytest.mark.parametrize(("ours", "theirs"), [(LSTMLayer, nn.LSTM), (GRULayer, nn.GRU)])
def test_with_tanh_a_recurrent_layer_is_that_of_torch(ours, theirs, steps):
    torch.manual_seed(3)
    layer = ours(Sites(Activation("tanh")), 3, 5).double()
    twin, candidate = torch_twin(layer, theirs, 3, 5)
    inputs = torch.randn(steps, 4, 3, dtype=torch.float64)
    weighting = torch.randn(steps, 4, 5, dtype=torch.float64)
    own, other = inputs.clone().requires_grad_(), inputs.clone().requires_grad_()
    outputs, wanted = layer(own), twin(other)[0]
    torch.testing.assert_close(outputs, wanted, rtol=1e-12, atol=1e-14)
    (outputs * weighting).sum().backward()
    (wanted * weighting).sum().backward()
    torch.testing.assert_close(own.grad, other.grad, rtol=1e-11, atol=1e-13)
    for name, part in (("ih", "input"), ("hh", "recurrent")):
        for rows, of in ((candidate, "candidate"), (~candidate, "gates")):
            linear = getattr(layer, f"{part}_{of}")
            for own_parameter, kind in ((linear.weight, "weight"), (linear.bias, "bias")):
                if own_parameter is None:
                    continue
                wanted = getattr(twin, f"{kind}_{name}_l0").grad[rows]
                found = own_parameter.grad
                # With one step there is no product with a state, and so no gradient either.
                found = torch.zeros_like(wanted) if found is None else found
                torch.testing.assert_close(found, wanted, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("layer", [LSTMLayer, GRULayer])
def test_recurrent_weights_are_drawn_as_torch_draws_them(layer):
    made = layer(Sites(Activation("prelu")), 300, 64)
    linear = [part for part in made.children() if isinstance(part, nn.Linear)]
    assert len(linear) == 4
    for part in linear:
        assert 0.99 / 8 < part.weight.abs().max() <= 1 / 8
        assert part.weight.std().item() == pytest.approx(1 / 8 / math.sqrt(3), rel=0.02)
    # What an activation begins with is its own.
    slopes = list(made.candidate_activation.parameters())
    assert len(slopes) == 1
    assert (slopes[0] == 0.25).all()


def test_a_stack_of_recurrent_layers_reads_the_rows_of_an_image():
    network = network_of("lstm:5:layers=2", "tanh", IMAGES)
    assert network.layers[0].input_gates.in_features == 2 * 12
    assert network.layers[1].input_gates.in_features == 5
    images = rows_of(IMAGES)
    by_hand = network.head(network.layers(images.permute(2, 0, 1, 3).flatten(2))[-1])
    torch.testing.assert_close(network(images), by_hand)


# ---- steps


def test_patches_are_the_squares_of_a_picture():
    images = rows_of(IMAGES)
    patches = as_steps(images, 4)
    assert patches.shape == (32, *steps_of(IMAGES, 4)) == (32, 6, 32)
    torch.testing.assert_close(patches[:, 4].view(-1, 2, 4, 4), images[:, :, 4:8, 4:8])
    assert as_steps(images).shape == (32, *steps_of(IMAGES)) == (32, 8, 24)


# ---- every network


@pytest.mark.parametrize(
    ("model", "shape", "activation"),
    [
        *((model, shape, name) for model, shape in CASES for name in ("relu", "swish")),
        *((model, shape, "swiglu") for model, shape in GATED_CASES),
    ],
)
def test_logits_have_their_shape_and_the_gradient_reaches_everything(model, shape, activation):
    network, sites = make(Model.read(model), Activation(activation), shape, 0)
    inputs = rows_of(shape)
    logits = network(inputs)
    assert logits.shape == (32, *(shape.inputs if shape.kind == "tokens" else ()), shape.classes)
    nn.functional.cross_entropy(
        logits.flatten(0, -2), torch.arange(logits.flatten(0, -2).shape[0]) % shape.classes
    ).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name
    # Two layers or blocks, with a place in each; in an LSTM's there are two.
    assert len({id(made) for made in sites.made}) == (4 if model.startswith("lstm") else 2)


@pytest.mark.parametrize(("model", "shape"), CASES)
def test_every_activation_begins_with_the_same_weights(model, shape):
    first, *others = [
        network_of(model, name, shape, seed=5).state_dict() for name in ("relu", "tanh", "swish")
    ]
    for other in others:
        for name, weight in first.items():
            assert torch.equal(weight, other[name]), name
    another = network_of(model, "relu", shape, seed=6).state_dict()
    assert not torch.equal(first["head.weight"], another["head.weight"])


@pytest.mark.parametrize("initialization", ["default", "matched"])
@pytest.mark.parametrize(("model", "shape"), GATED_CASES)
def test_gated_units_begin_with_the_weights_of_the_others_but_for_the_part_of_their_own(
    model, shape, initialization
):
    weights = [
        build(
            RunSpec(model=model, activation=name, initialization=initialization, seed=2),
            shape,
            rows_of(shape),
        )[0].state_dict()
        for name in ("gelu", "geglu")
    ]
    alike = [name for name in weights[0] if ".feed_forward." not in name]
    assert len(alike) >= len(weights[0]) / 2
    for name in alike:
        assert torch.equal(weights[0][name], weights[1][name]), name


@pytest.mark.parametrize("initialization", ["matched", "lsuv"])
@pytest.mark.parametrize(("model", "shape"), CASES)
def test_other_initialisations_draw_every_layer(model, shape, initialization):
    activations = ["relu", "sigmoid", "prelu"]
    activations += GATED if Model.read(model).kind.gated else []
    for activation in activations:
        spec = RunSpec(model=model, activation=activation, initialization=initialization)
        network, _ = build(spec, shape, rows_of(shape))
        own = network_of(model, activation, shape)
        for name, layer in network.named_modules():
            if isinstance(layer, nn.Linear):
                assert not torch.equal(layer.weight, own.get_submodule(name).weight), name
        assert network(rows_of(shape)).isfinite().all()


@pytest.mark.parametrize("initialization", ["default", "matched", "lsuv"])
def test_layers_of_one_shape_are_drawn_apart(initialization):
    spec = RunSpec(model="charlm:32:depth=2", initialization=initialization)
    network, _ = build(spec, TOKENS, rows_of(TOKENS))
    for name in ("attention.queries_keys_values", "feed_forward.up", "feed_forward.down"):
        pair = torch.stack([b.get_submodule(name).weight.flatten() for b in network.blocks])
        assert abs(torch.corrcoef(pair)[0, 1]) < 0.1, name


@pytest.mark.parametrize("model", ["lstm:64", "gru:64"])
def test_matched_suits_the_candidate_to_the_activation_and_the_gates_to_the_sigmoid(model):
    shape = Shape("sequences", (5, 64), 4)
    layers = [
        build(RunSpec(model=model, activation=name), shape, rows_of(shape))[0].layers[0]
        for name in ("relu", "tanh")
    ]
    for part in ("input", "recurrent"):
        gates = [getattr(layer, f"{part}_gates").weight for layer in layers]
        assert torch.equal(*gates)
        spread = getattr(layers[0], f"{part}_candidate").weight.std().item()
        assert spread == pytest.approx(math.sqrt(2 / 64), rel=0.05)


def test_gated_units_are_for_transformers():
    takers = {"transformer", "charlm"}
    for name in ("lstm", "gru", "transformer", "charlm"):
        assert Model.read(name).kind.gated == (name in takers)


# ---- transformers


@settings(max_examples=40, deadline=None)
@given(width=st.integers(16, 400), gate=st.sampled_from(sorted(GATED)))
def test_a_gated_part_has_as_many_parameters_as_any_other(width, gate):
    def parameters(activation):
        with torch.device("meta"):
            part = FeedForward(Sites(Activation(activation)), width)
        return sum(parameter.numel() for parameter in part.parameters())

    assert abs(parameters(gate) / parameters("relu") - 1) < 0.01


def test_the_hidden_units_of_gated_parts_are_those_of_the_source():
    # Shazeer (2020), section 3: of T5's base model, width 768, from 3072 to 2048.
    assert hidden_units(768, gated=False) == 3072
    assert hidden_units(768, gated=True) == 2048


@pytest.mark.parametrize("activation", ["relu", "bilinear"])
def test_transformers_draw_as_gpt2_does(activation):
    shape = Shape("tokens", (40,), 90)
    network = network_of("charlm:64:depth=8", activation, shape)
    for name, parameter in network.named_parameters():
        if "norm" in name:
            assert torch.equal(parameter, torch.full_like(parameter, name.endswith("weight")))
        elif name.endswith("bias"):
            assert not parameter.any(), name
        else:
            writes = name.endswith((".out.weight", ".down.weight"))
            wanted = SPREAD / 4 if writes else SPREAD
            assert parameter.std().item() == pytest.approx(wanted, rel=0.06), name


def test_an_activation_of_ones_own_keeps_its_weights(tmp_path):
    code = tmp_path / "mine.py"
    code.write_text(
        "from torch import nn\n"
        "class Mine(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.scale = nn.Linear(1, 1)\n"
        "        nn.init.constant_(self.scale.weight, 3.0)\n"
        "        nn.init.constant_(self.scale.bias, 0.5)\n"
        "    def forward(self, x):\n"
        "        return (x * self.scale.weight + self.scale.bias).tanh()\n"
    )
    for model in (CHARLM, "charlm:8:depth=1:heads=2"):
        _, sites = make(Model.read(model), Activation.read(f"{code}:Mine"), TOKENS, 0)
        for made in sites.made:
            assert [float(p.detach()) for p in made.parameters()] == [3.0, 0.5]


@pytest.mark.parametrize("activation", ["gelu", "swiglu"])
def test_later_tokens_do_not_change_earlier_logits(activation):
    network = network_of(CHARLM, activation, TOKENS).eval()
    with torch.no_grad():
        # Wide weights, so that what reaches a token is not lost beside what it is itself.
        for parameter in network.parameters():
            parameter.mul_(8)
        tokens = rows_of(TOKENS)
        logits = network(tokens)
        for step in range(6):
            changed = tokens.clone()
            changed[:, step] = (changed[:, step] + 1) % 11
            moved = (network(changed) - logits).abs().amax(dim=(0, 2))
            assert not moved[:step].any(), step
            assert (moved[step:] > 1e-3).all(), step


def test_a_classifier_sees_the_order_of_its_tokens():
    network = network_of("transformer:8:heads=2:patch=0", "relu", IMAGES)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(8)
        images = rows_of(IMAGES)
        assert (network(images) - network(images.flip(2))).abs().max() > 1e-2
        network.positions.weight.zero_()
        torch.testing.assert_close(network(images), network(images.flip(2)))


def test_attention_is_that_of_the_formula():
    network = network_of("charlm:8:depth=1:heads=2", "relu", TOKENS)
    attention = network.blocks[0].attention
    tokens = torch.randn(3, 6, 8)
    queries, keys, values = (
        part.view(3, 6, 2, 4).transpose(1, 2)
        for part in attention.queries_keys_values(tokens).chunk(3, dim=2)
    )
    scores = queries @ keys.transpose(2, 3) / 2
    scores = scores.masked_fill(torch.ones(6, 6).triu(1).bool(), -math.inf)
    mixed = (scores.softmax(dim=3) @ values).transpose(1, 2).reshape(3, 6, 8)
    torch.testing.assert_close(attention(tokens), attention.out(mixed))


def test_tying_shares_the_embedding_with_the_output():
    network = network_of(f"{CHARLM}:tied=yes", "relu", TOKENS)
    assert network.head.weight is network.embedding.weight
    free = network_of(CHARLM, "relu", TOKENS)
    assert free.head.weight is not free.embedding.weight
    count = [sum(p.numel() for p in made.parameters()) for made in (free, network)]
    assert count[0] - count[1] == 11 * 8


def test_dropout_acts_in_training_alone():
    network = network_of(f"{CHARLM}:dropout=0.5", "relu", TOKENS)
    tokens = rows_of(TOKENS)
    torch.manual_seed(0)
    assert not torch.equal(network(tokens), network(tokens))
    network.eval()
    assert torch.equal(network(tokens), network(tokens))


# ---- what does not fit


@pytest.mark.parametrize(
    ("model", "shape", "message"),
    [
        ("transformer:10:heads=4", SEQUENCES, "4 does not divide 10"),
        ("charlm:10:heads=4", TOKENS, "4 does not divide 10"),
        ("charlm:8:heads=2:dropout=1", TOKENS, "dropout .* below 1, not 1"),
        ("transformer:8:heads=2:patch=5", IMAGES, "5 × 5 do not cover pictures of 8 × 12"),
    ],
)
def test_what_does_not_fit_is_said(model, shape, message):
    with pytest.raises(ValueError, match=message):
        make(Model.read(model), Activation("relu"), shape, 0)


@pytest.mark.parametrize("word", ["lstm:0", "gru:8:layers=0", "charlm:8:dropout=-1", "lstm:8:3"])
def test_options_out_of_their_range_are_refused(word):
    with pytest.raises(ValueError, match=word.split(":")[0]):
        Model.read(word)


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        ("lstm:1", Shape("sequences", (1, 1), 2)),
        ("gru:1", Shape("sequences", (1, 1), 2)),
        ("transformer:1:heads=1:depth=1", Shape("sequences", (1, 1), 2)),
        ("charlm:1:heads=1:depth=1", Shape("tokens", (1,), 2)),
    ],
)
def test_one_step_and_one_unit_are_enough(model, shape):
    run = train(
        RunSpec(
            model=model,
            recipe=Recipe(epochs=1),
            initialization="default",
            activation="tanh",
            part="validation",
        ),
        dataset_of_two(shape),
    )
    assert run["outcome"] == "finished"


def dataset_of_two(shape):
    inputs = rows_of(shape, 40).numpy()
    targets = inputs if shape.kind == "tokens" else np.arange(40) % 2
    part = Part(inputs, targets.astype(np.int64))
    return Dataset(shape.kind, part, part, part, 2)


# ---- training


@pytest.mark.parametrize(
    ("model", "shape", "activation", "initialization"),
    [
        ("lstm:12", SEQUENCES, "tanh", "default"),
        ("lstm:12", IMAGES, "swish", "matched"),
        ("gru:12", SEQUENCES, "prelu", "lsuv"),
        ("transformer:16:heads=2", IMAGES, "swish", "matched"),
        ("transformer:16:heads=2", SEQUENCES, "reglu", "default"),
        ("charlm:16:depth=2:heads=2", TOKENS, "relu_squared", "default"),
        ("charlm:16:depth=2:heads=2:dropout=0.1", TOKENS, "swiglu", "matched"),
        ("charlm:16:depth=2:heads=2", TOKENS, "bilinear", "lsuv"),
    ],
)
def test_training_learns_and_repeats_bit_by_bit(model, shape, activation, initialization):
    spec = RunSpec(
        model=model,
        activation=activation,
        initialization=initialization,
        recipe=Recipe(epochs=12, batch_size=16, learning_rate=1e-2),
        part="validation",
    )
    data = dataset_of(shape)
    runs = [train(spec, data) for _ in range(2)]
    losses = runs[0]["curves"]["train_loss"]
    assert losses[-1] < 0.9 * losses[0]
    for name in ("outcome", "validation", "curves", "signal"):
        assert runs[0][name] == runs[1][name], name
    assert all(value > 0 for value in runs[0]["signal"]["start"]["gradient_rms"])


def test_the_signal_of_a_recurrent_network_tells_of_its_first_and_last_steps():
    shape = Shape("sequences", (30, 3), 4)
    spec = RunSpec(model="lstm:6:layers=2", recipe=Recipe(epochs=1), part="validation")
    run = train(spec, dataset_of(shape))
    # Two layers of two places, each of which is called at all thirty steps.
    assert {len(values) for values in run["signal"]["end"].values()} == {2 * 2 * CALLS}


@given(
    places=st.integers(0, 80).flatmap(
        lambda size: st.lists(st.sampled_from("abc"), min_size=size, max_size=size)
    )
)
def test_of_every_place_the_first_and_the_last_call_are_told(places):
    kept = told(places)
    assert kept == sorted(set(kept))
    for place in set(places):
        own = [position for position, name in enumerate(places) if name == place]
        chosen = [position for position in kept if places[position] == place]
        assert len(chosen) == min(len(own), CALLS)
        assert {own[0], own[-1]} <= set(chosen)
        gaps = np.diff([own.index(position) for position in chosen])
        assert np.ptp(gaps) <= 1 if len(gaps) else len(own) == 1
