"""The numbers are what their names say, do not depend on each other, and do not depend on the machine."""

from math import sqrt

import duckdb
import pytest

from retention.simulation.draws import Draws, poisson

N = 200_000
D = Draws(3, "test", "i")


def one(select: str) -> tuple[float, ...]:
    """The only row over N keys."""
    return duckdb.sql(f"select {select} from range({N}) as keys(i)").fetchall()[0]


def test_uniform_numbers_lie_in_the_unit_interval_and_fill_it_evenly() -> None:
    u = D.uniform("u")
    least, most, mean, tenth = one(f"min({u}), max({u}), avg({u}), avg(({u} < 0.1)::int)")
    assert 0 <= least < 0.001
    assert 0.999 < most < 1
    assert mean == pytest.approx(0.5, abs=4 * sqrt(1 / 12 / N))
    assert tenth == pytest.approx(0.1, abs=4 * sqrt(0.09 / N))


@pytest.mark.parametrize("halves", [1, 2, 3, 8])
def test_gamma_numbers_have_mean_and_variance_of_their_shape(halves: int) -> None:
    mean, variance = one(f"avg({D.gamma('g', halves)}), var_samp({D.gamma('g', halves)})")
    shape = halves / 2
    assert mean == pytest.approx(shape, abs=4 * sqrt(shape / N))
    assert variance == pytest.approx(shape, abs=4 * sqrt((2 * shape**2 + 6 * shape) / N))


@pytest.mark.parametrize("mean", [0.01, 0.4, 1.0])
def test_poisson_numbers_have_their_mean_and_variance(mean: float) -> None:
    found, variance = duckdb.sql(
        f"select avg(n), var_samp(n) from (select {poisson('u', 'm', 12)} as n "
        f"from (select {D.uniform('p')} as u, {mean}::double as m from range({N}) as keys(i)))"
    ).fetchall()[0]
    assert found == pytest.approx(mean, abs=4 * sqrt(mean / N))
    assert variance == pytest.approx(mean, abs=4 * sqrt((mean + 2 * mean**2) / N))


OTHERS = [(3, "test", "i", "b"), (3, "other", "i", "a"), (4, "test", "i", "a"), (3, "test", "i + 1", "a")]


@pytest.mark.parametrize(("seed", "rows", "key", "name"), OTHERS)
def test_numbers_of_another_name_row_seed_or_key_are_independent(seed: int, rows: str, key: str, name: str) -> None:
    other = Draws(seed, rows, key).uniform(name)
    (correlation,) = one(f"corr({D.uniform('a')}, {other})")
    assert abs(correlation) < 4 / sqrt(N)


def test_a_seed_gives_the_same_numbers_on_every_machine() -> None:
    assert duckdb.sql(f"select round({D.uniform('u')}, 12) from range(3) as keys(i)").fetchall() == FIRST_NUMBERS


def test_weights_are_kept() -> None:
    weighted = D.weighted("w", {"a": 3, "b": 1})
    rows = dict(duckdb.sql(f"select {weighted} as w, count(*) from range({N}) as keys(i) group by w").fetchall())
    assert rows["a"] / N == pytest.approx(0.75, abs=4 * sqrt(0.1875 / N))


FIRST_NUMBERS = [(0.490580313642,), (0.659562019585,), (0.736711891678,)]
