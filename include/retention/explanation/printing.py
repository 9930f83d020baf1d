"""An explanation as text, whole in either language."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from retention.console import print_rows
from retention.explanation.movement import LESS_IS_BETTER, RISING
from retention.explanation.names import Names
from retention.explanation.wording import Wording, figure

INPUTS = ("recency_days", "frequency_12m", "monetary_12m", "frequency_lifetime", "monetary_lifetime")
MEASURES = {"recency": "r", "frequency": "f", "monetary": "m"}
NO_INTERACTIONS = "no_interaction_data"  # as dormancy_reason has it
LETTERS = 2
"""A tier's code up to this length is what people call it: A, S, B2."""
UNKNOWN_WITHOUT_DATA = LESS_IS_BETTER | RISING
"""Figures whose absence says that nothing is known, and not that there was none."""


def print_explanation(console: Console, explained: Mapping[str, Any], names: Names) -> None:
    """Say why a customer stands where it stands, and what would move it up.

    Args:
        explained: what explain_customer found.
        names: names in the language that is wanted.
    """
    _Explanation(console, explained, names).print()


class _Explanation:
    """One customer's explanation on its way to the console."""

    def __init__(self, console: Console, explained: Mapping[str, Any], names: Names) -> None:
        self.console, self.explained, self.names = console, explained, names
        self.words = Wording(names)
        self.say = self.words.say

    def print(self) -> None:
        self._head()
        self._rfm()
        self._title("tiers")
        for tier in self.explained["tiers"]:
            self._tier(tier)
        self._lifecycle()
        self._outlook()
        self._labels()

    def _line(self, text: str) -> None:
        self.console.print(text, markup=False)

    def _title(self, phrase: str) -> None:
        self.console.print()
        self.console.print(self.say(phrase), style="bold", markup=False)

    def _head(self) -> None:
        customer = self.explained["dim_customers"]
        if self.explained["merged_from"]:
            self._line(self.say("merged", asked=self.explained["merged_from"], customer=customer["customer_id"]))
        self._line(self.say("title", customer=customer["customer_id"], day=customer["as_of_date"]))
        if customer["merged_ids"]:
            self._line(self.say("profiles", profiles=customer["merged_ids"]))

    def _rfm(self) -> None:
        rfm = self.explained["customer_rfm"]
        inputs = {self.names.metric(name): rfm.get(name) for name in INPUTS}
        inputs |= {self.say(name): rfm.get(name) for name in ("first_purchase_on", "last_purchase_on")}
        rows = [{self.say("input"): name, self.say("value"): value} for name, value in inputs.items()]
        print_rows(self.console, self.say("inputs"), rows)
        self._title("rfm")
        if rfm.get("r_score") is None:
            self._line(self.say("no_purchase"))
            return
        segment = self.names.of("rfm_segment", rfm["rfm_segment"])
        scores = {letter: rfm[f"{letter}_score"] for letter in "rfm"}
        self._line(self.say("scores", **scores, score=figure(float(rfm["rfm_score"])), segment=segment))
        order = list(MEASURES)
        bands = sorted(self.explained["bands"], key=lambda row: order.index(row["measure"]))
        print_rows(self.console, self.say("bands"), [self._band(row, rfm) for row in bands], self.names.language)
        if self.explained["cutoffs"]:
            rows = [self._cutoffs(measure, rfm) for measure in MEASURES]
            print_rows(self.console, self.say("cutoffs"), rows)
            alike = [self.say(measure) for measure in MEASURES if self._parts_nobody(measure)]
            if alike:
                self._line(self.say("parts_nobody", measures=self.say("comma").join(alike)))

    def _parts_nobody(self, measure: str) -> bool:
        """Whether the cut-offs of a measure coincide: nearly all customers have one value."""
        return len({self.explained["cutoffs"][f"{measure}_cut_{cut}"] for cut in range(1, 5)}) == 1

    def _band(self, row: Mapping[str, Any], rfm: Mapping[str, Any]) -> dict[str, Any]:
        column = f"{MEASURES[row['measure']]}_band"
        bound = figure(None if row["bound"] is None else float(row["bound"]))
        phrase = {"days": "within_days", "months": "within_months"}.get(row["unit"] or "", "at_least")
        return {
            self.say("measure"): self.say(row["measure"]),
            self.say("band"): f"{row['band']} {self.names.of(column, row['band'])}",
            self.say("bound"): self.say("rest") if row["bound"] is None else self.say(phrase, bound=bound),
            self.say("rule"): row["rule_id"],
            self.say("reached"): "<" if rfm[column] == row["band"] else "",
        }

    def _cutoffs(self, measure: str, rfm: Mapping[str, Any]) -> dict[str, Any]:
        """The cut-offs of a measure. Fewer days score higher, so recency's are read downwards."""
        down = measure == "recency"
        order = range(4, 0, -1) if down else range(1, 5)
        row: dict[str, Any] = {
            self.say("measure"): self.say(measure),
            self.say("its_score"): rfm[f"{MEASURES[measure]}_score"],
        }
        for score, cut in enumerate(order, start=2):
            bound = float(self.explained["cutoffs"][f"{measure}_cut_{cut}"])
            row[self.say("score", score=score)] = f"{'<' if down else '≥'} {bound:,.2f}"
        return row

    def _tier(self, tier: Mapping[str, Any]) -> None:
        say, scheme = self.say, tier["scheme"]
        head = say("tier", scheme=tier["scheme_name"], code=scheme, tier=self._named(scheme, tier["tier"]))
        self._line(head + (say("primary") if tier["is_primary_scheme"] else ""))
        told = self.words.held(tier["conditions"]) if tier["conditions"] else tier["reason"]
        self._line(say("because", rule=tier["rule_id"], conditions=told))
        if tier["changed_on"]:
            self._line(say("since", day=tier["changed_on"], tier=self._named(scheme, tier["previous_tier"])))
        self._review(tier)
        if tier.get("tier_in_force") not in (None, tier["tier"]):
            self._line(say("from_the_rules", tier=self._named(scheme, tier["tier"])))
        self._up(scheme, tier["up"])

    def _review(self, tier: Mapping[str, Any]) -> None:
        """Which tier is in force and why, where a review has a say in it."""
        review, scheme = tier.get("review") or {}, tier["scheme"]
        in_force, by_rules = tier.get("tier_in_force"), tier["tier"]
        if in_force not in (None, by_rules):
            is_decided = tier["review_state"] == "rejected" and review.get("approver")
            state = "change_rejected" if is_decided else f"change_{tier['review_state']}"
            told, other = str(in_force), by_rules
        elif review.get("status") == "approved" and review["tier_after"] == by_rules:
            state, told, other = "change_approved", by_rules, review["tier_before"]
        else:
            return
        change = self.say(state, tier=self._named(scheme, other), approver=review.get("approver") or "-")
        self._line(self.say("in_force", tier=self._named(scheme, told), state=change))

    def _up(self, scheme: str, up: Mapping[str, Any]) -> None:
        say = self.say
        if up["to_tier"] is None:
            self._line(say(up["reason"], names=say("comma").join(up.get("unknown", []))))
            return
        self._way("up", scheme, up)
        if up["without_decision"]:
            self._way("up_by_behaviour", scheme, up["without_decision"])

    def _way(self, phrase: str, scheme: str, up: Mapping[str, Any]) -> None:
        say = self.say
        asked = say("and").join(self.words.asked(one) for one in up["conditions"])
        self._line(say(phrase, tier=self._named(scheme, up["to_tier"]), rule=up["rule_id"], conditions=asked))
        for one in up["changes"]:
            self._line(self._change(one))
        told = {one["metric"] for one in up["changes"]}
        made = [one for one in up["conditions"] if not one["is_met"] and one["metric"] not in told]
        if made:
            self._line(say("makes", figures=say("comma").join(self._made(one) for one in made)))
        today = up["with_orders_today"]
        if today:
            amount = figure(today["amount"]) if today["amount"] else say("any_amount")
            phrase = "one_order_today" if today["orders"] == 1 else "orders_today"
            if today["orders"] != 1 and not today["amount"]:
                phrase = "orders_today_of_any_amount"
            self._line(say(phrase, orders=today["orders"], amount=amount, tier=self._named(scheme, today["tier"])))

    def _change(self, one: Mapping[str, Any]) -> str:
        needed = self.words.value(one["metric"], one["needed"])
        if one["present"] is None and one["metric"] in UNKNOWN_WITHOUT_DATA:
            return self.say("change_unknown", name=one["name"], needed=needed)
        present = self.words.value(one["metric"], one["present"])
        difference = self._difference(one)
        return self.say("change", name=one["name"], present=present, needed=needed, difference=difference)

    def _made(self, one: Mapping[str, Any]) -> str:
        present, after = (self.words.value(one["metric"], one[name]) for name in ("present", "after"))
        return self.say("from_to", name=one["name"], present=present, after=after)

    def _difference(self, one: Mapping[str, Any]) -> str:
        if one["is_decision"]:
            return self.say("decision")
        if one["metric"] == "recency_days":
            return self.say("buy") if one["present"] is None else self.say("buy_again", needed=one["needed"])
        return self.say("more" if one["difference"] >= 0 else "fewer", difference=figure(abs(one["difference"])))

    def _lifecycle(self) -> None:
        lifecycle = self.explained["customer_lifecycle"]
        self._title("lifecycle")
        for axis in self.explained["axes"]:
            if axis["stage"] is None:
                self._line(self.say("axis_unknown", name=axis["name"], reason=self._why_unknown(axis["reason"])))
                continue
            self._line(self.say("axis", name=axis["name"], stage=axis["stage_name"]))
            if axis["conditions"]:
                held = self.words.held(axis["conditions"])
                self._line("  " + self.say("because", rule=axis["rule_id"], conditions=held))
        if lifecycle:
            self._line(
                self.say(
                    "stage_since",
                    day=figure(lifecycle["stage_since"]),
                    days=figure(lifecycle["days_in_stage"]),
                    silent=figure(lifecycle["days_since_last_activity"]),
                    cadence=figure(lifecycle["own_cadence_days"]),
                    ratio=figure(lifecycle["cadence_ratio"]),
                )
            )

    def _why_unknown(self, reason: str) -> str:
        return self.say(NO_INTERACTIONS) if NO_INTERACTIONS in reason else reason

    def _outlook(self) -> None:
        told = {name: row for name, row in self.explained["outlook"].items() if row}
        if not told:
            return
        self._title("outlook")
        for name, row in told.items():
            if row["missing_name"] is not None:
                self._line(self.say(f"{name}_missing", reason=row["missing_name"]))
                continue
            score = round(row["churn_risk"], 2) if name == "risk" else round(row["score"], 1)
            self._line(self.say(name, score=score, band=row["band_name"], state=self._state(row)))
            if row.get("previous_score") is not None:
                factor = row["changed_factor_name"]
                changed = self.say("health_changed", factor=factor) if factor else ""
                self._line(self.say("health_before", before=round(row["previous_score"], 1)) + changed)
            factors = [self._factor(one) for one in row["factors"]]
            print_rows(self.console, self.say(f"{name}_factors"), factors, self.names.language)

    def _state(self, row: Mapping[str, Any]) -> str:
        if row["is_churned"]:
            return self.say("is_churned")
        return self.say("not_calibrated") if row.get("is_calibrated") is False else ""

    def _factor(self, one: Mapping[str, Any]) -> dict[str, Any]:
        rounded = {name: None if one[name] is None else round(one[name], 2) for name in ("score", "weight", "part")}
        return {
            self.say("factor"): one["name"],
            self.say("figure"): None if one["present"] is None else round(float(one["present"]), 2),
            self.say("zero_at"): one["low"],
            self.say("full_at"): one["high"],
            self.say("factor_score"): rounded["score"],
            self.say("weight"): rounded["weight"],
            self.say("part"): rounded["part"],
        }

    def _labels(self) -> None:
        if not self.explained["labels"]:
            return
        say = self.say
        rows = [
            {
                say("label"): row["label_name"],
                say("rule"): row["rule_id"],
                say("is_current"): say("yes" if row["is_current"] else "no"),
                say("first_seen_on"): row["first_seen_on"],
                say("last_seen_on"): row["last_seen_on"],
                say("review_status"): row["review_status_name"],
                say("evidence"): row["evidence_named"],
            }
            for row in self.explained["labels"]
        ]
        print_rows(self.console, say("labels"), rows)

    def _named(self, scheme: str, tier: str) -> str:
        """A tier by its name, behind its letter where it has one."""
        name = self.names.of(scheme, tier)
        return name if len(tier) > LETTERS or name == tier else f"{tier} {name}"
