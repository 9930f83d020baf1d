"""Who is one customer, worked out another way: union-find over pairs, profile by profile, in plain Python."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_KEY_SIZE, MAX_CLUSTER_SIZE = 4, 8
WEAK = {"email": "email_hash", "phone": "phone_hash"}


@dataclass
class Sets:
    """Disjoint sets of IDs."""

    parents: dict[str, str] = field(default_factory=dict)

    def find(self, one: str) -> str:
        """The ID that stands for a set."""
        self.parents.setdefault(one, one)
        while self.parents[one] != one:
            one = self.parents[one]
        return one

    def join(self, one: str, other: str) -> None:
        """Make two sets one."""
        self.parents[self.find(other)] = self.find(one)

    def members(self, ids: Iterable[str]) -> list[set[str]]:
        """The sets that some IDs fall into."""
        found: dict[str, set[str]] = defaultdict(set)
        for one in ids:
            found[self.find(one)].add(one)
        return list(found.values())


def standing_decisions(decisions: list[dict[str, Any]]) -> tuple[list[tuple[str, str]], set[str]]:
    """Merged pairs and split profiles, out of decisions in their order."""
    gone = {one["withdrawn_decision_id"] for one in decisions if one["action"] == "withdraw"}
    merged: list[tuple[str, str]] = []
    split: set[str] = set()
    for one in decisions:
        if one["decision_id"] in gone:
            continue
        if one["action"] == "split":
            split.add(one["customer_id"])
            merged = [pair for pair in merged if one["customer_id"] not in pair]
        elif one["action"] == "merge":
            merged.append((one["customer_id"], one["other_customer_id"]))
    return merged, split


def expected_clusters(profiles: Mapping[str, dict[str, Any]], decisions: list[dict[str, Any]]) -> set[frozenset[str]]:
    """The sets of two profiles or more that are one customer."""
    merged, split = standing_decisions(decisions)
    whole = {name: row for name, row in profiles.items() if name not in split}
    strong = Sets()
    for one, other in [*_sharing(whole, "registration_no_hash"), *merged]:
        strong.join(one, other)
    groups = strong.members({*profiles, *(name for pair in merged for name in pair)})
    group_of = {name: min(group) for group in groups for name in group}
    by_id = {min(group): group for group in groups}

    weak = Sets()
    for kind, column in WEAK.items():
        for one, other in _sharing(whole, column):
            holders = [row for row in whole.values() if row[column] == whole[one][column]]
            if _is_evidence(kind, holders, whole[one], whole[other]):
                weak.join(group_of[one], group_of[other])
    clusters = set()
    for candidate in weak.members(by_id):
        parts = [by_id[group] for group in candidate]
        together = frozenset().union(*parts)
        registered = sum(any(profiles.get(name, {}).get("registration_no_hash") for name in part) for part in parts)
        types = {one for part in parts if (one := _type_of(part, profiles))}
        holds = len(candidate) == 1 or (registered < 2 and len(types) < 2 and len(together) <= MAX_CLUSTER_SIZE)
        clusters |= {together} if holds else {frozenset(part) for part in parts}
    return {cluster for cluster in clusters if len(cluster) > 1}


def _sharing(profiles: Mapping[str, dict[str, Any]], column: str) -> Iterable[tuple[str, str]]:
    by_key: dict[str, list[str]] = defaultdict(list)
    for name, row in profiles.items():
        if row[column]:
            by_key[row[column]].append(name)
    for names in by_key.values():
        if len(names) <= MAX_KEY_SIZE:
            yield from combinations(names, 2)


def _is_evidence(kind: str, holders: list[dict[str, Any]], one: dict[str, Any], other: dict[str, Any]) -> bool:
    names = {row["name_hash"] for row in holders if row["name_hash"]}
    trusted = kind == "email" and not any(row["customer_type"] == "company" for row in holders)
    if kind == "phone" and names and not all(row["name_hash"] for row in holders):
        return bool(one["name_hash"]) and one["name_hash"] == other["name_hash"]
    if trusted or len(names) < 2:
        return True
    return bool(one["name_hash"]) and one["name_hash"] == other["name_hash"]


def _type_of(part: set[str], profiles: Mapping[str, dict[str, Any]]) -> str | None:
    types = {profiles[name]["customer_type"] for name in part if name in profiles and profiles[name]["customer_type"]}
    return types.pop() if len(types) == 1 else None
