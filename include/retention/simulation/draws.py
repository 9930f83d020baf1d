"""Random numbers as SQL: every number is a hash of one integer, so a seed gives the same ones on every machine.

Numbers of different names do not depend on each other, whatever the keys: each name shifts its keys to a place of its
own among the 64-bit integers. One integer is hashed, since DuckDB's hash of two is correlated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import factorial

MOST_AT_ONCE = 4


@dataclass(frozen=True)
class Draws:
    """The random numbers of one kind of row.

    Attributes:
        seed: another seed gives other numbers.
        rows: what the rows are; rows of another name have other numbers.
        key: SQL of the integer that tells one row from another.
    """

    seed: int
    rows: str
    key: str

    def uniform(self, name: str) -> str:
        """A number in [0, 1)."""
        digest = blake2b(f"{self.seed}/{self.rows}/{name}".encode(), digest_size=8).digest()
        place = int.from_bytes(digest) >> 2  # below 2^62: the sum with a key fits a BIGINT
        return f"((hash(cast({self.key} as bigint) + {place}) >> 11)::double / 9007199254740992.0)"

    def normal(self, name: str) -> str:
        """A standard normal number (Box and Muller)."""
        first, second = self.uniform(f"{name}, radius"), self.uniform(f"{name}, angle")
        return f"(sqrt(-2 * ln(1 - {first})) * cos(2 * pi() * {second}))"

    def exponential(self, name: str) -> str:
        """An exponential number of mean 1."""
        return f"(-ln(1 - {self.uniform(name)}))"

    def gamma(self, name: str, halves: int) -> str:
        """A gamma number of shape halves/2 and scale 1: a sum of exponentials, and half the square of a normal."""
        parts = [self.exponential(f"{name}, {at}") for at in range(halves // 2)]
        if halves % 2:
            parts.append(f"power({self.normal(f'{name}, half')}, 2) / 2")
        return f"({' + '.join(parts)})"

    def integer(self, name: str, first: int | str, count: int | str) -> str:
        """One of `count` whole numbers from `first` on, each as likely."""
        return f"(cast({first} + floor({self.uniform(name)} * ({count})) as integer))"

    def choice(self, name: str, values: Sequence[str]) -> str:
        """One of the texts, each as likely."""
        return f"{[*values]}[1 + {self.integer(name, 0, len(values))}]"

    def weighted(self, name: str, weights: Mapping[str, int]) -> str:
        """One of the texts, as likely as its weight, a whole number."""
        return self.choice(name, [value for value, weight in weights.items() for _ in range(weight)])

    def happens(self, name: str, share: float | str) -> str:
        """Whether something happens that happens with this probability."""
        return f"({self.uniform(name)} < {share})"


def poisson(uniform: str, mean: str, most: int = MOST_AT_ONCE) -> str:
    """SQL of a Poisson number by inversion; more than `most` counts as `most`.

    Args:
        uniform: a column that holds a uniform number.
        mean: a column that holds the mean.
    """
    reached, branches = "1", []
    for number in range(most):
        branches.append(f"when {uniform} < exp(-{mean}) * ({reached}) then {number}")
        reached += f" + pow({mean}, {number + 1}) / {factorial(number + 1)}.0"
    return f"(case {' '.join(branches)} else {most} end)"
