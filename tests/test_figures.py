"""The figures: what they say, that they follow the page's scheme, and that they repeat."""

from __future__ import annotations

import base64
import io
import itertools
import math
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_study import synthetic_runs

from ogive import catalog
from ogive.page.labels import spread
from ogive.page.landscape import map_png
from ogive.page.style import PALETTE, line_styles, swatch
from ogive.study import Grid, Recipe, Study, depth_grid
from ogive.study.activation_map import activation_map
from ogive.study.declaration import SEVEN
from ogive.study.figures import curves, dots, gradient, pareto, shapes
from ogive.study.figures.maps import MapPicture, map_picture
from ogive.study.report import sections
from ogive.study.report.section import Drawing
from ogive.study.results import CellResult, Results, SettingResult, assemble
from ogive.study.results.curve import Curve
from ogive.study.results.signal import Signal


@pytest.fixture(scope="module")
def study() -> Study:
    return Study(grids=(Grid(seeds=3), depth_grid((2, 10))))


@pytest.fixture(scope="module")
def results(study: Study) -> Results:
    return assemble(study, synthetic_runs(study, cost=True))


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
    usual = [styles[name].colour for name in SEVEN]
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


def pictures_of(results: Results) -> list[Drawing]:
    return [picture for section in sections(results) for picture in section.pictures]


def test_every_figure_is_xml_and_uses_the_page_colours(results: Results) -> None:
    styles = line_styles(results.names)
    pictures = [
        *(p.inline for p in pictures_of(results) if not isinstance(p, MapPicture)),
        *(swatch(style) for style in styles.values()),
    ]
    assert len(pictures) > 30
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


def test_every_figure_has_a_name_of_its_own(results: Results) -> None:
    names = [picture.name for picture in pictures_of(results)]
    assert len(set(names)) == len(names)


def test_figures_say_what_they_show(results: Results) -> None:
    styles = line_styles(results.names)
    for picture in curves.learning_curves(results.main, styles):
        root = ElementTree.fromstring(picture.inline)
        words = {"".join(e.itertext()).strip() for e in root.iter("text")}
        assert set(styles) <= words, "every line has its name beside it"
        assert "epoch" in words
        assert root.attrib["role"] == "img"
        assert "sigmoid" in root.attrib["aria-label"]


def test_gradient_panels_cover_the_settings_on_one_scale(results: Results) -> None:
    titles = {r.number: str(r.setting) for r in results.settings}
    panels = gradient.gradient_panels(results.settings, titles, line_styles(results.names))
    assert {(p.number, p.time) for p in panels} == set(
        itertools.product((1, 2, 3, 4), ("start", "end"))
    )
    scales = {
        tuple(re.findall(r">([^<]*10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)</text>", panel.picture.inline))
        for panel in panels
    }
    assert len(scales) == 1
    assert scales.pop()


def test_reach_is_first_over_last() -> None:
    assert Signal((1.0, 1.0), (2e-8, 1e-2)).reach == 2e-6
    assert Signal((1.0, 1.0), (None, 1e-2)).reach is None
    assert Signal((1.0, 1.0), (1e-2, 0.0)).reach is None
    assert Signal((), ()).reach is None


def with_cell(result: SettingResult, cell: CellResult) -> SettingResult:
    others = result.cells[1:]
    return replace(result, cells=(cell, *others))


@pytest.mark.parametrize("gone", [0.0, None])
def test_a_gradient_of_zero_or_none_can_be_drawn(results: Results, gone: float | None) -> None:
    deep = results.settings[-1]
    cell = deep.cells[0]
    signals = cell.outcomes.signals
    assert signals is not None
    start = replace(signals.start, gradient_rms=(gone, *signals.start.gradient_rms[1:]))
    outcomes = replace(cell.outcomes, signals=replace(signals, start=start))
    broken = with_cell(deep, replace(cell, outcomes=outcomes))
    panels = gradient.gradient_panels([broken], {deep.number: "deep"}, line_styles(results.names))
    assert len(panels) == 2
    for panel in panels:
        ElementTree.fromstring(panel.picture.inline)


def test_curves_without_a_finished_epoch_are_left_out(results: Results) -> None:
    styles = line_styles(results.names)
    nothing = Curve((None,) * 3, (None,) * 3, (0,) * 3)
    first, second, *_ = results.main.cells
    empty = replace(first, train_loss=nothing, validation_loss=nothing, validation_accuracy=nothing)
    alone = replace(results.main, cells=(empty,), reference=empty.label)
    assert curves.learning_curves(alone, styles) == []
    two = replace(results.main, cells=(empty, second), reference=second.label)
    (picture, *_) = curves.learning_curves(two, styles)
    assert f">{second.name}<" in picture.inline
    assert f">{first.name}<" not in picture.inline


def test_one_epoch_is_no_curve() -> None:
    study = Study(activations=("relu", "gelu"), grids=(Grid(seeds=3),), recipe=Recipe(epochs=1))
    results = assemble(study, synthetic_runs(study))
    pictures = curves.learning_curves(results.main, line_styles(results.names))
    assert [picture.name for picture in pictures] == [
        *("curve-1-train-loss", "curve-1-validation-loss", "curve-1-validation-accuracy"),
    ]
    for picture in pictures:
        words = ["".join(e.itertext()) for e in ElementTree.fromstring(picture.inline).iter("text")]
        assert "epoch" not in words, "there is no axis of epochs"
        assert "after the only epoch" in words
    cell = results.main.cells[1]
    assert f"gelu {100 * (cell.validation_accuracy.mean[0] or 0):.4g} %" in pictures[2].description
    assert f"gelu {cell.train_loss.mean[0]:.3g}." in pictures[0].description


@pytest.mark.parametrize("epochs", [2, 3, 7, 30, 200])
def test_epoch_axis_begins_at_one_and_ends_at_the_last(epochs: int) -> None:
    ticks = curves.epoch_ticks(epochs)
    assert ticks[0] == 1
    assert ticks[-1] == epochs
    assert ticks == sorted(set(ticks))
    assert len(ticks) <= 8


@pytest.mark.parametrize("depth", [1, 2, 3, 10, 11, 17, 50, 121, 1000])
def test_layers_begin_at_one_and_end_at_the_last(depth: int) -> None:
    ticks = gradient.layer_ticks(depth)
    assert (ticks[0], ticks[-1]) == (1, depth)
    assert ticks == sorted(set(ticks))
    assert len(ticks) <= 12


def test_figures_repeat_byte_for_byte(results: Results) -> None:
    styles = line_styles(results.names)
    once, again = (
        [
            form
            for picture in (
                *curves.learning_curves(results.main, styles)[:1],
                map_picture(activation_map("tanh", points=40), "map-1", "tanh"),
            )
            for form in (picture.inline, picture.svg(), picture.png())
        ]
        for _ in range(2)
    )
    assert once == again


def test_a_figure_as_a_file_has_its_own_colours_fonts_and_size(results: Results) -> None:
    picture = curves.learning_curves(results.main, line_styles(results.names))[0]
    root = ElementTree.fromstring(picture.svg())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert b"var(" not in picture.svg()
    width, height = (float(root.attrib[side]) for side in ("width", "height"))
    from PIL import Image

    with Image.open(io.BytesIO(picture.png(scale=2))) as image:
        assert image.size == (2 * width, 2 * height)
        assert not {"Software", "Creation Time"} & set(image.info)


def test_names_stay_beside_their_lines_at_every_resolution(results: Results) -> None:
    """A PNG of twice the dots is the same picture: shrunk again it is nearly the smaller one."""
    from PIL import Image

    picture = curves.learning_curves(results.main, line_styles(results.names))[2]
    small, large = (Image.open(io.BytesIO(picture.png(scale))).convert("L") for scale in (1, 2))
    shrunk = np.asarray(large.resize(small.size, Image.Resampling.BOX), float)
    assert np.abs(shrunk - np.asarray(small, float)).mean() < 3


@given(
    st.lists(
        st.tuples(st.floats(0, 500), st.floats(0, 300), st.text("abcdef_", min_size=1, max_size=8)),
        max_size=8,
    )
)
def test_names_of_points_stay_inside_and_apart_where_there_is_room(
    points: list[tuple[float, float, str]],
) -> None:
    spots = [(x, y) for x, y, _ in points]
    room = (-200.0, -200.0, 700.0, 500.0)
    placed = pareto.place_labels(spots, [name for _, _, name in points], room)
    for place, box in enumerate(placed):
        assert room[0] <= box[0]
        assert box[2] <= room[2]
        for other in placed[:place]:
            apart = (
                box[2] <= other[0] or other[2] <= box[0] or box[3] <= other[1] or other[3] <= box[1]
            )
            assert apart


def test_dots_show_the_ends_of_their_lines_and_leave_out_what_is_not_there() -> None:
    styles = line_styles(["relu", "gelu"])
    made = dots.dot_panel(
        {"relu": dots.Dot(1.0, 0.5, 2.0, "one"), "gelu": dots.Dot(None, said="nothing")},
        styles,
        name="dots",
        title="Dots",
        axis="times",
        description="relu one",
        line=1.0,
    )
    words = {"".join(e.itertext()) for e in ElementTree.fromstring(made.inline).iter("text")}
    assert {"relu", "gelu", "one", "nothing", "times", "Dots"} <= words


def test_the_title_of_dots_has_the_whole_width() -> None:
    title = "mlp:128x10, matched initialisation, drop-in"
    made = dots.dot_panel(
        {"leaky_relu(0.2)": dots.Dot(1.0, said="1")},
        line_styles(["leaky_relu(0.2)"]),
        name="wide",
        title=title,
        subtitle=title,
        axis="x",
        description="",
    )
    places = re.findall(rf'<text[^>]* x="([-\d.]+)"[^>]*>{title}</text>', made.inline)
    assert [float(place) for place in places] == [0, 0]


def test_marks_in_a_name_are_no_formula() -> None:
    styles = line_styles(["$a$ & b"])
    made = dots.dot_panel(
        {"$a$ & b": dots.Dot(1.0)},
        styles,
        name="marks",
        title="$x^2$ <",
        axis="x",
        description='"quoted" & <tagged>',
    )
    words = {"".join(e.itertext()) for e in ElementTree.fromstring(made.inline).iter("text")}
    assert {"$a$ & b", "$x^2$ <"} <= words


def test_a_picture_name_is_checked() -> None:
    from ogive.page.style import panel, svg

    with panel(100, 100, (10, 10, 10, 10)) as axes, pytest.raises(ValueError, match="Two Words"):
        svg(axes, "Two Words", "")


def test_shapes_show_value_and_derivative() -> None:
    value, derivative = shapes.evaluate(catalog.get("leaky_relu"), np.array([-2.0, 3.0]))
    np.testing.assert_allclose(value, [-0.02, 3.0])
    np.testing.assert_allclose(derivative, [0.01, 1.0])
    steep, _ = shapes.evaluate(catalog.get("leaky_relu"), np.array([-2.0]), {"negative_slope": 0.5})
    np.testing.assert_allclose(steep, [-1.0])
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
