"""A problem of a rule row, as a person reads it."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """What is wrong with one row of a seed, and the remedy.

    Attributes:
        seed: the file's name without its ending.
        line: line of the file, the header being 1; None where the whole file is meant.
        profile: the known profile that the row belongs to; None where every run would meet the problem.
        text: problem and remedy, in sentences.
    """

    seed: str
    line: int | None
    profile: str | None
    text: str

    def stops(self, profile: str) -> bool:
        """Whether a run of a profile would meet the problem: rows of other profiles are not its own."""
        return self.profile in (None, "all", profile)

    def __str__(self) -> str:
        """One line."""
        place = f"seeds/{self.seed}.csv" + ("" if self.line is None else f", line {self.line}")
        return f"{place}: {self.text}"

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self) | {"message": str(self)}
