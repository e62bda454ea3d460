"""The figures: what they say, that they follow the page's scheme, and that they repeat."""

from __future__ import annotations

import base64
import io
import itertools
import math
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from synthetic_study import synthetic_runs

from ogive import catalog
from ogive.page.labels import spread
from ogive.page.landscape import map_png
from ogive.page.style import PALETTE, line_styles, swatch
from ogive.study.activation_map import activation_map
from ogive.study.declaration import Study
from ogive.study.figures import curves, gradient, shapes
from ogive.study.results import Curve, Results, Signal, assemble


@pytest.fixture(scope="module")
def study() -> Study:
    return Study(seeds=3)


@pytest.fixture(scope="module")
def results(study: Study) -> Results:
    return assemble(study, synthetic_runs(study))


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_are_legible_on_the_paper_of_each_scheme(scheme: int) -> None:
    paper = PALETTE["paper"][scheme]
    for role in ("ink", "muted"):
        assert contrast(PALETTE[role][scheme], paper) >= 4.5, role
    # 2.5 to 1 is what the lightest of these hues reach; dashes, markers and names help them.
    for role in PALETTE.keys() - {"ink", "muted", "grid", "paper"}:
        assert contrast(PALETTE[role][scheme], paper) >= 2.5, role


def test_no_two_activations_look_alike() -> None:
    styles = line_styles([*catalog.CATALOG, "one", "two", "three"])
    looks = [(style.dash, style.marker) for style in styles.values()]
    assert len(set(looks)) == len(looks)
    usual = [styles[name].colour for name in Study().activations]
    assert len(set(usual)) == len(usual)


def test_a_style_does_not_depend_on_its_company() -> None:
    assert line_styles(["gelu", "relu"])["relu"] == line_styles(["relu"])["relu"]


@pytest.mark.parametrize("seed", range(20))
def test_spread_keeps_order_and_distance(seed: int) -> None:
    random = np.random.default_rng(seed)
    wished = random.uniform(0, 100, 7).tolist()
    placed = spread(wished, 10.0, -5.0, 105.0)
    pairs = sorted(zip(wished, placed, strict=True))
    for (_, low), (_, high) in itertools.pairwise(pairs):
        assert high - low >= 10.0 - 1e-9
    assert min(placed) >= 0.0 - 1e-9
    assert max(placed) <= 100.0 + 1e-9


def test_spread_leaves_what_is_apart() -> None:
    assert spread([30.0, 10.0, 60.0], 10.0, 0.0, 100.0) == [30.0, 10.0, 60.0]


def test_every_figure_is_xml_and_uses_the_page_colours(results: Results) -> None:
    styles = line_styles(results.study.activations)
    pictures = [
        *curves.learning_curves(results.activations, styles),
        *(panel.svg for panel in gradient.gradient_panels(results.depth, styles)),
        *(shapes.shape(catalog.get(name), styles[name]) for name in styles),
        *(swatch(style) for style in styles.values()),
    ]
    assert len(pictures) == 3 + 8 + 7 + 7
    seen: set[str] = set()
    for picture in pictures:
        root = ElementTree.fromstring(picture)
        colours = re.findall(r"#[0-9a-fA-F]{6}\b", picture)
        assert not colours, f"{colours} would not follow the scheme"
        identifiers = [e.attrib["id"] for e in root.iter() if "id" in e.attrib]
        assert not seen & set(identifiers), "two figures share an identifier"
        seen |= set(identifiers)
        for reference in re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"", picture):
            assert (reference[0] or reference[1]) in identifiers


def test_figures_say_what_they_show(results: Results) -> None:
    styles = line_styles(results.study.activations)
    for picture in curves.learning_curves(results.activations, styles):
        root = ElementTree.fromstring(picture)
        words = {"".join(e.itertext()).strip() for e in root.iter("text")}
        assert set(styles) <= words, "every line has its name beside it"
        assert "epoch" in words
        assert root.attrib["role"] == "img"
        assert "sigmoid" in root.attrib["aria-label"]


def test_gradient_panels_cover_the_grid_on_one_scale(results: Results) -> None:
    styles = line_styles(results.study.activations)
    panels = gradient.gradient_panels(results.depth, styles)
    assert {(p.depth, p.initialization, p.time) for p in panels} == set(
        itertools.product((2, 10), ("default", "matched"), ("start", "end"))
    )
    scales = {tuple(re.findall(r">([^<]*10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)</text>", panel.svg)) for panel in panels}
    assert len(scales) == 1
    assert scales.pop()


def test_reach_is_first_over_last() -> None:
    assert gradient.reach(Signal((1.0, 1.0), (2e-8, 1e-2))) == 2e-6
    assert gradient.reach(Signal((1.0, 1.0), (None, 1e-2))) is None
    assert gradient.reach(Signal((1.0, 1.0), (1e-2, 0.0))) is None


def test_a_gradient_of_zero_or_none_can_be_drawn(results: Results) -> None:
    styles = line_styles(results.study.activations)
    cell = next(c for c in results.depth if c.depth == 10)
    for gone in (0.0, None):
        faded = Signal(cell.start.activation_rms, (gone, *cell.start.gradient_rms[1:]))
        broken = cell.__class__(**{**vars(cell), "start": faded})
        for panel in gradient.gradient_panels([broken], styles):
            ElementTree.fromstring(panel.svg)


def test_curves_without_a_finished_epoch_are_left_out(results: Results) -> None:
    styles = line_styles(results.study.activations)
    nothing = Curve((None,) * 3, (None,) * 3, (0,) * 3)
    blank = {"train_loss": nothing, "validation_loss": nothing, "validation_accuracy": nothing}
    first, second, *_ = results.activations
    empty = first.__class__(**{**vars(first), **blank})
    assert curves.learning_curves([empty], styles) == []
    (picture, *_) = curves.learning_curves([empty, second], styles)
    assert f">{second.activation}<" in picture
    assert f">{first.activation}<" not in picture


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 30, 200])
def test_epoch_axis_begins_at_one_and_ends_at_the_last(epochs: int) -> None:
    ticks = curves._epoch_ticks(epochs)
    assert ticks[0] == 1
    assert ticks[-1] == max(epochs, 2)
    assert ticks == sorted(set(ticks))
    assert len(ticks) <= 8


def test_figures_repeat_byte_for_byte(results: Results) -> None:
    styles = line_styles(results.study.activations)
    once, again = (
        [
            *curves.learning_curves(results.activations, styles),
            map_png(activation_map("tanh", points=40)),
        ]
        for _ in range(2)
    )
    assert once == again


def test_a_picture_name_is_checked() -> None:
    from ogive.page.style import panel, svg

    with panel(100, 100, (10, 10, 10, 10)) as axes, pytest.raises(ValueError, match="Two Words"):
        svg(axes, "Two Words", "")


def test_shapes_show_value_and_derivative() -> None:
    value, derivative = shapes.evaluate(catalog.get("leaky_relu"), np.array([-2.0, 3.0]))
    np.testing.assert_allclose(value, [-0.02, 3.0])
    np.testing.assert_allclose(derivative, [0.01, 1.0])
    assert shapes.interval(catalog.get("logit")) == (0.0, 1.0)


def test_the_map_of_an_identity_like_function_is_a_plane_folded() -> None:
    """ReLU networks are piecewise linear: second differences vanish almost everywhere."""
    output = activation_map("relu", points=160).output
    bend = np.abs(np.diff(output, 2, axis=1))
    flat = bend < 1e-9 * np.ptp(output)
    assert flat.mean() > 0.05
    smooth = np.abs(np.diff(activation_map("tanh", points=160).output, 2, axis=1))
    assert (smooth < 1e-9).mean() < 0.01


def test_maps_share_their_draw() -> None:
    """leaky_relu is nearly relu, and so must its map be: the weights are the same."""
    one, other = (activation_map(name, points=30).standardised() for name in ("relu", "leaky_relu"))
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.99


def test_map_statistics_and_picture() -> None:
    picture = activation_map("gelu", points=30)
    assert picture.output.shape == (30, 30)
    assert math.isclose(picture.spread, float(np.std(picture.output)))
    standard = picture.standardised()
    assert abs(standard.mean()) < 1e-12
    assert math.isclose(standard.std(), 1.0)
    from PIL import Image

    encoded = map_png(picture, pixels=64).removeprefix("data:image/png;base64,")
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
        assert image.size == (64, 64)
        assert not {"Software", "Creation Time"} & set(image.info)


@pytest.mark.parametrize(
    ("name", "points", "complaint"),
    [("logit", 10, "defined on"), ("reluu", 10, "reluu"), ("relu", 1, "at least 2, not 1")],
)
def test_a_map_that_cannot_be_is_refused(name: str, points: int, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        activation_map(name, points=points)
