"""The pages in docs/functions: those that the generator writes, and what it makes of a record."""

from __future__ import annotations

import re
from dataclasses import replace
from math import inf
from pathlib import Path
from xml.etree import ElementTree

import curve_svg
import function_pages
import numpy as np
import pytest
from test_docstrings import run_example

from ogive.catalog import CATALOG, Parameter

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "functions"
WRITTEN = function_pages.pages()


def test_the_folder_has_a_page_and_a_picture_of_every_function() -> None:
    files = {f"{name}.{ending}" for name in CATALOG for ending in ("md", "svg")}
    assert {file.name for file in FOLDER.iterdir()} == files | {"README.md"}
    assert files < set(WRITTEN)


@pytest.mark.parametrize("name", WRITTEN)
def test_pages_are_what_the_generator_writes(name: str) -> None:
    kept = (FOLDER / name).read_bytes()
    assert kept == WRITTEN[name].encode(), f"docs/functions/{name} is stale: run `make docs`"


def test_writing_again_changes_nothing_and_removes_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("of a function that is no more")
    (tmp_path / "notes.txt").write_text("mine")
    function_pages.write(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {*WRITTEN, "notes.txt"}
    assert all((tmp_path / name).read_bytes() == text.encode() for name, text in WRITTEN.items())


def test_links_lead_somewhere() -> None:
    for name, text in WRITTEN.items():
        if name.endswith(".md"):
            links = re.findall(r"\]\(([^)]+)\)|(?:src|href)=\"([^\"]+)\"", text)
            assert links
            assert {a or b for a, b in links} <= set(WRITTEN), name


@pytest.mark.parametrize("name", CATALOG)
def test_page_tells_what_the_record_knows(name: str) -> None:
    record = CATALOG[name]
    page = WRITTEN[f"{name}.md"]
    texts = [record.summary, record.formula, record.derivative_formula, record.source]
    texts += [record.initializer_reason, *record.aliases, *record.elsewhere]
    texts += [parameter.summary for parameter in record.parameters]
    for text in texts:
        assert text in page.replace("\\|", "|")
    assert page.count("ulp |") + page.count("exact |") == len(record.error_bound)
    assert all(
        line.count("|") - line.count("\\|") >= 3 for line in re.findall(r"^\|.*", page, re.M)
    )


@pytest.mark.parametrize("name", CATALOG)
def test_example_runs(name: str) -> None:
    (session,) = re.findall(r"```python\n(.*?)```", WRITTEN[f"{name}.md"], re.S)
    assert run_example(session, name) == 4


@pytest.mark.parametrize("name", CATALOG)
def test_picture_is_svg_and_small(name: str) -> None:
    text = WRITTEN[f"{name}.svg"]
    ElementTree.fromstring(text)
    assert len(text) < 25_000
    assert "nan" not in text
    assert "inf" not in text


def test_a_jump_is_drawn_where_it_is() -> None:
    def step(x: np.ndarray | float) -> np.ndarray:
        return np.where(np.asarray(x) > 1 / 3, 2.0, 0.0)

    (xa, ya), (xb, yb) = curve_svg._pieces(step, np.linspace(-1.0, 1.0, 11), least=0.1)
    assert (xa[-1], ya[-1]) == (1 / 3, 0.0)
    assert (xb[0], yb[0]) == (np.nextafter(1 / 3, 1.0), 2.0)
    # Steep, but no jump: one stretch.
    assert len(list(curve_svg._pieces(lambda x: np.tanh(1e6 * x), xa, least=0.1))) == 1


def test_a_kink_stays_a_point() -> None:
    x = np.arange(201)
    points = [(int(a), int(b)) for a, b in zip(x, np.maximum(x - 100, 0), strict=True)]
    assert curve_svg._simplified(points, tolerance=0) == [(0, 0), (100, 0), (200, 100)]


def test_simplified_curve_stays_within_its_tolerance() -> None:
    x = np.arange(0, 27600, 30)
    y = np.rint(2700 / (1 + np.exp((x - 13800) / 2760))).astype(int)
    kept = curve_svg._simplified([(int(a), int(b)) for a, b in zip(x, y, strict=True)])
    assert len(kept) < 60
    drawn = np.interp(x, [a for a, _ in kept], [b for _, b in kept])
    # The distance is measured across the line, which rises by a quarter at most.
    assert np.abs(drawn - y).max() <= 5 * 1.04


def test_domain_with_one_end_and_bounded_function_far_from_its_limit() -> None:
    relu = CATALOG["relu"]
    assert curve_svg.interval(replace(relu, domain=(0.0, inf))) == (0.0, 5.0)
    assert curve_svg.interval(CATALOG["logit"]) == (0.0, 1.0)
    # As relu6: at 5 it is not yet near 6.
    assert curve_svg.interval(replace(relu, range=(0.0, 6.0), limits=(0.0, 6.0))) == (-5.0, 8.0)
    assert curve_svg.interval(CATALOG["sigmoid"]) == (-5.0, 5.0)


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        (Parameter("a", 0.5, -inf, inf, ""), [0.5, 0.25, 1.0]),
        (Parameter("a", 0.0, -inf, inf, ""), [0.0, -1.0, 1.0]),
        (Parameter("a", 0.0, 0.0, inf, ""), [0.0, 1.0]),
        (Parameter("a", 0.9, 0.0, 1.0, ""), [0.9, 0.0, 0.5, 1.0]),
        (Parameter("a", 0.9, 0.0, 1.0, "", lower_included=False), [0.9, 0.5, 1.0]),
    ],
)
def test_usual_values(parameter: Parameter, values: list[float]) -> None:
    assert curve_svg.usual_values(CATALOG["relu"], parameter) == values


def test_ten_parameters_and_learned_ones() -> None:
    ten = tuple(
        Parameter(f"a{i}", float(i), -inf, inf, f"coefficient | {i}", derivative_formula=f"x^{i}")
        for i in range(10)
    )
    record = replace(CATALOG["relu"], parameters=ten)
    page = function_pages.page(record)
    for i in range(10):
        assert f"∂f/∂a{i} = x^{i}\n" in page
        assert f"| `a{i}` | {i} | a finite number | coefficient \\| {i} | yes |" in page
    assert 'ogive.grad.relu(x, wrt="a0")' in page
    # Not varied one by one: the picture is that of the defaults.
    assert curve_svg.picture(record) == curve_svg.picture(CATALOG["relu"])


def test_a_row_of_panels_for_each_parameter() -> None:
    record = CATALOG["elu"]
    (rows,) = curve_svg._rows(record)
    assert [curve.parameters["alpha"] for curve in rows] == [1.0, 0.5, 2.0]
    text = WRITTEN["elu.svg"]
    assert "alpha = 1 (default)" in text
    assert all(curve.colour in text for curve in rows)


def test_colours_are_legible_on_white_and_on_black() -> None:
    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    def contrast(a: str, b: str) -> float:
        low, high = sorted((luminance(a), luminance(b)))
        return (high + 0.05) / (low + 0.05)

    for colour in (*(colour for colour, _ in curve_svg.STYLES), curve_svg.TEXT):
        for paper in ("#ffffff", "#0d1117"):
            assert contrast(colour, paper) >= 3.5, (colour, paper)
