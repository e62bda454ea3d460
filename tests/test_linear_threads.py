"""Threads of a fit on many features: BLAS keeps to itself, and the result is the same."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from threadpoolctl import threadpool_info

from ogive import get_num_threads, set_num_threads
from ogive.linear_model import LogisticRegression, threads
from ogive.linear_model.threads import LARGE, blas_alone, in_threads


@pytest.fixture
def two_threads() -> object:
    before = get_num_threads()
    set_num_threads(2)
    yield
    set_num_threads(before)


def _of_blas() -> set[int]:
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


@pytest.mark.usefixtures("two_threads")
def test_blas_has_one_thread_for_a_while() -> None:
    before = _of_blas()
    with blas_alone(LARGE):
        assert _of_blas() == {1}
    with blas_alone(LARGE - 1):
        assert _of_blas() == before
    assert _of_blas() == before


@pytest.mark.usefixtures("two_threads")
def test_results_come_in_order_and_few_at_a_time() -> None:
    waiting, most = 0, 0

    def call(item: int) -> int:
        nonlocal waiting, most
        waiting += 1
        most = max(most, waiting)
        return item

    found = []
    for result in in_threads(call, range(20), LARGE):
        waiting -= 1
        found.append(result)
    assert found == list(range(20))
    assert most <= 2


@pytest.mark.usefixtures("two_threads")
def test_what_an_item_raises_goes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_threads(lambda item: 1 // item, [1, 0, 2], LARGE))


@pytest.mark.usefixtures("two_threads")
def test_a_fit_is_the_same_on_one_thread_and_on_two(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((6000, 20))
    y = rng.integers(0, 3, 6000)
    alone = LogisticRegression(n_jobs=1).fit(x, y)
    monkeypatch.setattr(threads, "LARGE", 1000)
    together = LogisticRegression(n_jobs=2).fit(x, y)
    np.testing.assert_allclose(together.coef_, alone.coef_, rtol=1e-6, atol=1e-9)
