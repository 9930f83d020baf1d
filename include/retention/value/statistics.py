"""What the value models read and what they answer: sufficient statistics, grouped with weights, and fits.

All that BG/NBD and Pareto/NBD need of a customer are three figures, and of thousands of customers many share them. A
likelihood is a sum, so a group is computed once and weighted: cost follows distinct groups, not customers.
"""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from retention.errors import RetentionError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PurchaseStatistics:
    """Purchase histories, one element a group of customers who share theirs.

    Attributes:
        frequency: x, days with a purchase after the first such day.
        recency: t_x, weeks from the first purchase day to the last; 0 where there was one day only.
        age: T, weeks from the first purchase day to the end of observation.
        weight: customers of the group.

    Raises:
        RetentionError: the arrays are no histories, such as a last purchase after the end of observation.
    """

    frequency: Floats
    recency: Floats
    age: Floats
    weight: Floats

    def __post_init__(self) -> None:
        _require_groups(self.frequency, self.recency, self.age, self.weight)
        is_history = (self.frequency >= 0) & (self.recency >= 0) & (self.recency <= self.age)
        if not np.all(is_history & ((self.frequency > 0) | (self.recency == 0))):
            raise RetentionError(
                "Purchase statistics need x >= 0 and 0 <= t_x <= T, and t_x = 0 where x = 0.",
                "Compute all three from the same purchase days.",
            )

    @classmethod
    def of_customers(cls, frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike) -> Self:
        """Group one element per customer."""
        return cls(*_grouped(frequency, recency, age))

    @property
    def customers(self) -> int:
        """Customers in all groups."""
        return round(float(self.weight.sum()))

    @property
    def repeaters(self) -> int:
        """Customers with a second purchase day."""
        return round(float(self.weight[self.frequency > 0].sum()))

    def thinned(self, most: int) -> Self:
        """At most so many groups, spread evenly over the order in which they stand; weights stay as they are."""
        step = -(-len(self.weight) // most)
        return type(self)(self.frequency[::step], self.recency[::step], self.age[::step], self.weight[::step])


@dataclass(frozen=True)
class SpendStatistics:
    """What customers with a repeat purchase spend, one element a group of customers who share both figures.

    Attributes:
        frequency: x, days with a purchase after the first such day; at least 1.
        mean_spend: mean amount of those days, above 0. Whoever reads the data leaves out means of 0 or less.
        weight: customers of the group.

    Raises:
        RetentionError: the arrays are no such figures.
    """

    frequency: Floats
    mean_spend: Floats
    weight: Floats

    def __post_init__(self) -> None:
        _require_groups(self.frequency, self.mean_spend, self.weight)
        if not np.all((self.frequency > 0) & (self.mean_spend > 0)):
            raise RetentionError(
                "Spend statistics need x >= 1 and a mean spend above 0.", "Leave out all other customers."
            )

    @classmethod
    def of_customers(cls, frequency: npt.ArrayLike, mean_spend: npt.ArrayLike) -> Self:
        """Group one element per customer."""
        return cls(*_grouped(frequency, mean_spend))

    @property
    def customers(self) -> int:
        """Customers in all groups."""
        return round(float(self.weight.sum()))

    def thinned(self, most: int) -> Self:
        """At most so many groups, spread evenly over the order in which they stand; weights stay as they are."""
        step = -(-len(self.weight) // most)
        return type(self)(self.frequency[::step], self.mean_spend[::step], self.weight[::step])


@dataclass(frozen=True)
class Fit:
    """A fitted model, or why there is none.

    Attributes:
        model: bg_nbd, gamma_gamma, pareto_nbd or sbg.
        parameters: by name; nan where the data cannot support a fit.
        standard_errors: by name, from the observed information; nan where it is singular.
        log_likelihood: of all customers at the parameters.
        customers: how many were fitted.
        converged: whether the parameters are an inner maximum of the likelihood.
        problems: codes why the fit is not to be trusted; empty when it is sound.
        diagnostics: how it was found, and what a reader may judge it by.
    """

    model: str
    parameters: dict[str, float]
    standard_errors: dict[str, float]
    log_likelihood: float
    customers: int
    converged: bool
    problems: tuple[str, ...] = ()
    diagnostics: dict[str, float] = field(default_factory=dict)

    @property
    def is_sound(self) -> bool:
        """Whether to use it."""
        return self.converged and not self.problems


def inner(left: Floats, right: Floats) -> float:
    """The sum of products, by numpy's own loop: a linear algebra library's threads would wait longer than they work."""
    return float(np.einsum("i,i->", left, right))


def _grouped(*columns: npt.ArrayLike) -> list[Floats]:
    """Distinct rows of the columns, in order, and how often each stands there."""
    arrays = [np.asarray(column, dtype=np.float64) for column in columns]
    order = np.lexsort(arrays[::-1])
    arrays = [array[order] for array in arrays]
    is_new = np.zeros(len(order), dtype=bool)
    is_new[:1] = True
    for array in arrays:
        is_new[1:] |= array[1:] != array[:-1]
    starts = np.flatnonzero(is_new)
    return [*(array[starts] for array in arrays), np.diff(starts, append=len(order)).astype(np.float64)]


def _require_groups(*arrays: Floats) -> None:
    """Arrays of one length, finite, with positive weights last."""
    is_even = all(array.ndim == 1 and len(array) == len(arrays[0]) for array in arrays)
    if not is_even or not all(np.all(np.isfinite(array)) for array in arrays) or not np.all(arrays[-1] > 0):
        raise RetentionError(
            "Statistics need arrays of one length, finite values and positive weights.", "Group the customers anew."
        )
