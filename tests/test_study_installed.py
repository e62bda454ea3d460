"""What is installed is what it is called: every fault is named, and nothing sound is refused."""

import math
from pathlib import Path

import installed_cases
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import ogive
from ogive.catalog import CATALOG
from ogive.study import Dataset, Grid, Recipe, RunSpec, Store, Study, run_study
from ogive.study.activation import GATED, Activation
from ogive.study.data import Part
from ogive.study.engine import StudyRefusedError
from ogive.study.engines.base import RefusedError
from ogive.study.installed import inspect
from ogive.study.installed.places import Call, Place
from ogive.study.installed.recorded import check_recorded
from ogive.study.installed.resemblance import resemblance
from ogive.study.installed.trial import arranged, grid
from ogive.study.models.known import MODELS
from ogive.study.sites import Sites

ELEMENTWISE = [name for name, record in CATALOG.items() if record.domain == (-math.inf, math.inf)]


def rows(kind, shape, classes=10):
    draws = np.random.default_rng(0)
    inputs = draws.standard_normal((8, *shape)).astype(np.float32)
    targets = draws.integers(0, classes, 8)
    if kind == "tokens":
        inputs = targets = draws.integers(0, classes, (8, *shape))
    part = Part(inputs, targets)
    return Dataset(kind, part, part, part, classes)


DIGITS = rows("vectors", (64,))


def look(activation, model="mlp:64x3", dataset=DIGITS):
    if ":" not in model and hasattr(installed_cases, model):
        model = f"installed_cases:{model}"
    inspect(RunSpec(activation=activation, model=model), dataset)


def refusal(activation, model="mlp:64x3", dataset=DIGITS):
    with pytest.raises(RefusedError) as caught:
        look(activation, model, dataset)
    said = str(caught.value)
    assert "\n" not in said
    return said


def installed(module, shape=(4, 3)):
    return Place(1, 1, ("act",), module, [Call(shape, [])])


# What is sound goes through.


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("model", ["mlp:64x2", "Unfolded"])
def test_every_function_as_ogive_installs_it(name, model):
    look(name, model)


@pytest.mark.parametrize(
    "activation",
    [
        "leaky_relu:negative_slope=0.3",
        "softplus:beta=2",
        "threshold:threshold=0:value=5",
        "abrelu:threshold=0.5",
        "hard_tanh:min=-2:max=0.25",
        "prelu:weight=0.1",
    ],
)
def test_parameters_of_a_declaration_are_those_of_the_record(activation):
    look(activation)


TORCH = {
    "celu": "CELU",
    "elu": "ELU",
    "gelu": "GELU",
    "hard_sigmoid": "Hardsigmoid",
    "hard_swish": "Hardswish",
    "hard_tanh": "Hardtanh",
    "hardshrink": "Hardshrink",
    "leaky_relu": "LeakyReLU",
    "log_sigmoid": "LogSigmoid",
    "mish": "Mish",
    "prelu": "PReLU",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "rrelu": "RReLU",
    "selu": "SELU",
    "sigmoid": "Sigmoid",
    "silu": "SiLU",
    "softplus": "Softplus",
    "softshrink": "Softshrink",
    "softsign": "Softsign",
    "tanh": "Tanh",
    "tanhshrink": "Tanhshrink",
}


@pytest.mark.parametrize("name", TORCH)
def test_torchs_own_modules_are_what_they_are_called(name):
    look(f"{name}=torch.nn:{TORCH[name]}")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("silu", "PlainSiLU"),
        ("mish", "plain_mish"),
        ("gelu", "plain_gelu"),
        ("gelu_tanh", "plain_gelu_tanh"),
        ("softplus", "plain_softplus"),
        ("sigmoid", "plain_sigmoid"),
        ("elu", "plain_elu"),
        ("relu", "plain_relu"),
        ("hard_swish", "plain_hard_swish"),
        ("softsign", "plain_softsign"),
        ("prelu", "PlainPReLU"),
    ],
)
@pytest.mark.parametrize("model", ["mlp:64x2", "Unfolded"])
def test_plain_formulas_pass(name, written, model):
    look(f"{name}=installed_cases:{written}", model)


@pytest.mark.parametrize("name", ["snake", "Channels", "Noisy", "StraightThrough"])
def test_what_has_no_record_is_held_against_itself(name):
    look(f"installed_cases:{name}")


@pytest.mark.parametrize(
    "model", ["Gated", "Kept", "Recurrent", "OnTheData", "SelfMade", "OneForBoth", "one_in_a_row"]
)
@pytest.mark.parametrize(
    "activation", ["sigmoid", "relu=torch.nn:ReLU", "sigmoid=torch.nn:Sigmoid"]
)
def test_sound_networks_pass(model, activation):
    look(activation, model)


def test_time_steps_share_what_is_learned():
    look("prelu", "Steps")


KINDS = {"vectors": (64,), "images": (3, 32, 32), "sequences": (6, 5), "tokens": (8,)}


def _scales(kind):
    return any(option.name == "width" and option.kind == "number" for option in kind.options)


@pytest.mark.parametrize("name", [name for name, kind in MODELS.items() if not kind.modules])
def test_no_network_of_ours_is_refused(name):
    kind = MODELS[name]
    dataset = rows(kind.takes[0], KINDS[kind.takes[0]])
    activations = ["relu", "prelu", *(GATED if kind.gated else ())]
    for activation in activations:
        look(activation, f"{name}:width=0.125" if _scales(kind) else name, dataset)


def test_a_gated_unit_of_ones_own():
    look("swiglu=installed_cases:PlainSwiGLU", "transformer", rows("sequences", (6, 5)))


def test_bfloat16_is_looked_at_as_it_is_trained():
    spec = RunSpec(activation="gelu", model="mlp:16x2", recipe=Recipe(precision="bfloat16"))
    inspect(spec, DIGITS)


def test_the_callers_random_numbers_are_left_alone():
    before = torch.random.get_rng_state()
    look("rrelu")
    assert torch.equal(before, torch.random.get_rng_state())


# The faults of the published comparison.


def test_a_pdelu_that_clips_its_input_in_place():
    said = refusal("pdelu=installed_cases:ClippedPDELU")
    assert "place 1 of 3 (activation1) changes its input in place" in said


def test_a_relu_under_the_name_of_pdelu():
    said = refusal("pdelu=installed_cases:ReluUnderTheNameOfPDELU")
    assert "gives 0 at x = -2; the catalogue says -0.8926" in said
    assert "behaves like relu)" in said


def test_an_identity_under_the_name_of_leaky_relu():
    said = refusal("leaky_relu=installed_cases:IdentityLReLU")
    assert "place 1 of 3 (activation1) gives -2 at x = -2; the catalogue says -0.02" in said
    assert "behaves like the identity" in said


@pytest.mark.parametrize(
    ("activation", "says"),
    [
        ("leaky_relu=installed_cases:ChannelsAsSlope", "leaky_relu with negative_slope = 64"),
        ("elu=installed_cases:ChannelsAsAlpha", "elu with alpha = 64"),
        ("prelu=installed_cases:ChannelsAsFirstSlope", "prelu with weight = 64"),
    ],
)
def test_a_number_of_channels_as_a_parameter(activation, says):
    assert f"it behaves like {says}" in refusal(activation)


def test_a_network_that_passes_its_number_of_channels():
    assert "with arguments (64)" in refusal("leaky_relu", "WithArguments")


def test_a_network_that_makes_another_by_the_class_of_the_first():
    said = refusal("leaky_relu", "ByItsClass")
    assert said == "the network makes 2 places for leaky_relu, and calls 1: not 2"


def test_a_parameter_that_a_network_sets_afterwards():
    said = refusal("leaky_relu", "SetAfterwards")
    assert "place 2 of 2 (act2)" in said
    assert "negative_slope = 64" in said


def test_a_study_stops_before_anything_is_trained(tmp_path):
    cases = Path(__file__).with_name("installed_cases.py")
    study = Study(
        activations=("relu", f"leaky_relu={cases}:IdentityLReLU"),
        grids=(Grid(models=("mlp:8x1",), seeds=1),),
        recipe=Recipe(epochs=1),
    )
    with Store(tmp_path / "runs.sqlite") as store:
        with pytest.raises(StudyRefusedError, match="behaves like the identity") as caught:
            run_study(study, store, workers=1)
        assert "IdentityLReLU in mlp:8x1: " in str(caught.value)
        assert not list(store.runs())


# Another function than its name says.


@pytest.mark.parametrize(
    ("claimed", "is_really"),
    [
        ("swish", "SiLU"),
        ("relu", "ReLU6"),
        ("relu6", "ReLU"),
        ("silu", "Hardswish"),
        ("hard_swish", "SiLU"),
        ("sigmoid", "Hardsigmoid"),
        ("elu", "CELU"),
        ("selu", "ELU"),
        ("gelu_tanh", "GELU"),
        ("tanhshrink", "Softshrink"),
        ("softplus", "Softsign"),
    ],
)
def test_one_function_of_torch_under_the_name_of_another(claimed, is_really):
    if (claimed, is_really) == ("elu", "CELU"):  # at the defaults they are one function
        look(f"{claimed}=torch.nn:{is_really}")
    else:
        assert "place 1 of 3" in refusal(f"{claimed}=torch.nn:{is_really}")


@pytest.mark.parametrize(
    ("activation", "says"),
    [
        ("gelu=installed_cases:plain_gelu_tanh", "it behaves like gelu_tanh)"),
        ("gelu_tanh=installed_cases:plain_gelu", "it behaves like gelu)"),
        (
            "silu=installed_cases:swish_of_two",
            "gives -0.03597 at x = -2; the catalogue says -0.2384",
        ),
        ("softplus=installed_cases:softplus_of_two", "it behaves like softplus with beta = 2)"),
        ("silu=installed_cases:HalfDetached", "has the right values, but the gradient"),
        ("relu=installed_cases:without_gradient", "under no_grad, or detached"),
        ("relu=installed_cases:detached", "under no_grad, or detached"),
        ("relu=installed_cases:OnlyInTraining", "it behaves like leaky_relu with negative_slope"),
        ("leaky_relu=installed_cases:OneChannelOff", "the catalogue says"),
        ("rrelu=installed_cases:FixedRReLU", "draws no slopes in training"),
        ("rrelu=installed_cases:WideRReLU", "slopes from "),
        ("relu=installed_cases:all_in_double", "returns torch.float64 for torch.float32"),
        ("relu=installed_cases:constant", "it is constant"),
        ("relu=installed_cases:not_a_number_at_zero", "the gradient nan at x = 0"),
        ("relu=installed_cases:a_pair", "returns tuple"),
        ("relu=installed_cases:raises", "RuntimeError: no luck today"),
    ],
)
def test_another_function_under_a_name_of_the_catalogue(activation, says):
    assert says in refusal(activation)


@pytest.mark.parametrize("fault", ["clipped_through_data", "clipped_under_no_grad"])
def test_an_input_that_is_changed_behind_the_graph(fault):
    assert "changes its input in place" in refusal(f"relu=installed_cases:{fault}")
    assert "changes its input in place" in refusal(f"installed_cases:{fault}")


def test_halves_of_a_gated_unit_that_are_swapped():
    said = refusal("swiglu=installed_cases:SwappedSwiGLU", "transformer", rows("sequences", (6, 5)))
    assert "the catalogue says" in said
    assert "for swiglu" in said


ALIKE = [{"silu", "swish"}, {"elu", "celu"}]
"""Functions that are one at the parameters that the catalogue has."""


@pytest.mark.parametrize("claimed", ELEMENTWISE)
def test_no_function_passes_for_another(claimed):
    passed = set()
    for other in ELEMENTWISE:
        module = Sites(Activation(other))()
        try:
            check_recorded(Activation(claimed), installed(module))
        except RefusedError:
            continue
        passed.add(other)
    assert passed == next((alike for alike in ALIKE if claimed in alike), {claimed})


# What has no record.


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("no_number", "has values in training that are not finite, as at x = -"),
        ("not_a_number_at_zero", "has gradients in training that are not finite, as at x = 0"),
        ("constant", "the gradient 0 everywhere"),
        ("steps", "the gradient 0 everywhere"),
        ("over_rows", "mixes rows in evaluation mode"),
        ("undeclared_step", "surrogate_gradient"),
        ("wrong_backward", "gradient that is not that of its values"),
        ("HalfDetached", "gradient that is not that of its values"),
        ("Forgetful", "something else each time"),
        ("one_less", "returns the shape (4, 63) for (4, 64), and not (4, 64)"),
        ("all_in_double", "returns torch.float64 for torch.float32"),
        ("without_gradient", "under no_grad, or detached"),
        ("UnregisteredSlope", "would never be trained"),
    ],
)
def test_what_no_activation_may_do(name, says):
    assert says in refusal(f"installed_cases:{name}")


# Places.


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("ModuleLeft", "leaky_relu with negative_slope 64 at branch (LeakyReLU)"),
        ("LearnedLeft", "prelu at branch (PReLU)"),
        ("FunctionLeft", "relu after first"),
        ("InPlaceLeft", "relu after first"),
        ("WrittenLeft", "a function gated by its own argument after first"),
        ("OutputLeft", "sigmoid at OutputLeft"),
        ("Idle", "makes 2 places for gelu, and calls 1: not 2"),
        ("Dropped", "at place 2 of 2 (act2) goes nowhere"),
        ("InAList", "place 3 of 3 is no part of the network"),
        ("EachTime", "anew in every pass"),
        ("NoLogits", "(4, 3) for 4 rows, and not logits of the shape (4, 10)"),
        ("APair", "returns tuple"),
        ("Fails", "the network cannot be run: RuntimeError"),
        ("NoGradient", "carries no gradient"),
        ("UnknownKept", "keeps is no function of the catalogue"),
        ("no_network", "the network cannot be made: KeyError: 'width'"),
    ],
)
def test_places_that_are_not_what_they_should_be(model, says):
    assert says in refusal("gelu", model)


# Learned parameters.


@pytest.mark.parametrize(
    ("activation", "model", "says"),
    [
        ("prelu", "OneForBoth", "the module of place 1 of 1 (act) is called 2 times"),
        ("prelu", "one_in_a_row", "one module stands at 1 and 3"),
        ("prelu=installed_cases:SlopeOfTheClass", "mlp", "between place 1 of 2 (activation1) and"),
        ("prelu=installed_cases:OneSlopeForAll", "mlp", "between place 1 of 2 (activation1) and"),
        ("prelu=installed_cases:UnregisteredSlope", "mlp:64x3", "would never be trained"),
        ("prelu=installed_cases:DetachedSlope", "mlp:64x3", "has a parameter slope that gets no"),
        ("prelu=installed_cases:plain_relu", "mlp:64x3", "learns nothing, but weight of prelu"),
        ("swish=torch.nn:SiLU", "mlp:64x3", "learns nothing, but beta of swish is learned"),
        ("leaky_relu=installed_cases:LearnedLReLU", "mlp:64x3", "leaky_relu learns nothing"),
        ("prelu", "Redrawn", "it behaves like prelu with weight = 0.1"),
        ("prelu", "InAList", "is no part of the network"),
    ],
)
def test_learned_parameters_that_are_not_what_they_should_be(activation, model, says):
    assert says in refusal(activation, model)


# What training could do nothing with.


@pytest.mark.parametrize(
    ("activation", "model", "says"),
    [
        ("gelu", "lazy", "0.weight of the network has no shape yet"),
        ("gelu", "frozen", "nothing of the network asks for a gradient: it cannot be trained"),
        ("prelu", "frozen", "nothing but the activation would learn"),
        ("gelu", "softmaxed", "the network ends in softmax, and the loss, cross-entropy, takes"),
        ("gelu", "LateWeight", "in its first pass, when its optimiser has been made"),
        ("installed_cases:LateSlope", "mlp:64x2", "no parameter of the network: it would never be"),
    ],
)
def test_what_training_could_do_nothing_with(activation, model, says):
    assert says in refusal(activation, model)


@pytest.mark.parametrize("model", ["half_frozen", "log_softmaxed"])
def test_what_is_unusual_and_learns_is_not_refused(model):
    look("gelu", model)


# The parts.


def test_the_grid_reaches_the_kinks_and_the_tails():
    points = grid((0.7,))
    assert points.dtype == np.float32
    assert (np.diff(points) > 0).all()
    assert points[-1] == 40
    assert np.abs(points[points != 0]).min() < 2e-8
    for kink in (0.0, 0.7, -0.7, 3.0, 6.0):
        assert (points < kink).any()
        near = np.abs(points - kink)
        assert near[near > 0].min() < 0.03


@given(
    shape=st.lists(st.integers(1, 7), min_size=1, max_size=4).map(tuple),
    points=st.integers(1, 50),
    data=st.data(),
)
def test_all_that_may_differ_sees_the_whole_grid(shape, points, data):
    kept = data.draw(st.sets(st.sampled_from(range(1, len(shape))))) if shape[1:] else set()
    at = arranged(points, shape, tuple(kept))
    assert at.shape[1:] == shape[1:]
    # Dimensions that are kept in front; what is left of each entry must be every point.
    order = [*sorted(kept), *(d for d in range(at.dim()) if d not in kept)]
    entries = at.permute(order).reshape(math.prod(at.shape[d] for d in kept), -1)
    assert all(set(entry.tolist()) == set(range(points)) for entry in entries)


@settings(max_examples=20)
@given(slope=st.floats(0.01, 5), off=st.floats(1e-3, 1) | st.floats(-1, -1e-3))
def test_a_slope_that_is_off_is_seen(slope, off):
    activation = Activation("leaky_relu", (("negative_slope", slope),))
    check_recorded(activation, installed(torch.nn.LeakyReLU(slope)))
    with pytest.raises(RefusedError, match="the catalogue says"):
        check_recorded(activation, installed(torch.nn.LeakyReLU(slope * (1 + off))))


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_function_resembles_itself(name):
    """Or one that is the same at the parameters that the catalogue has."""
    points = grid()
    values = getattr(ogive, name)(points)
    said = resemblance(points, values, None, ())
    other = said.removeprefix(" (it behaves like ").removesuffix(")")
    same = getattr(ogive, other)(points)
    np.testing.assert_allclose(same, values, rtol=2e-4, atol=2e-5)
    assert list(CATALOG).index(other) <= list(CATALOG).index(name)


def test_what_resembles_nothing_is_not_named():
    points = grid()
    assert resemblance(points, np.sin(points), CATALOG["elu"], (64, 10)) == ""
