"""What is proposed and decided of the strategy: rows of the entity `strategy_changes`, loads like any other.

Read from raw, not from the release: what was proposed or decided since the last run is there, too. A decision is a
newer version of the proposal's row. It is about what was proposed: a source that delivers the same proposal again does
not undo it, and a proposal that was changed since is open again.
"""

import csv
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from retention.errors import NotThereError, SettingsError
from retention.landing import Contract, Delivery, land_one, raw_relation_sql
from retention.landing.vault import scratch_folder, sweep_scratch
from retention.runs import Home
from retention.sql import file_literal
from retention.warehouse.lock import writer_lock

ENTITY = "strategy_changes"
SOURCE = "strategy"
OPEN, APPROVED, REJECTED = "open", "approved", "rejected"
ID_BYTES = 3
# As the model reads them: stg_strategy_changes.
PROPOSALS = """
    with versions as (select * from ({raw})),
    newest as (
        select * from versions
        qualify row_number() over (partition by change_id order by _load_seq desc, _line_no desc) = 1
    ),
    decisions as (
        select * from versions
        where decision is not null or approver is not null or approved_at is not null
        qualify row_number() over (
            partition by change_id, changed_on, scheme, tier, description order by _load_seq desc, _line_no desc
        ) = 1
    )
    select
        newest.change_id, newest.changed_on, newest.scheme, newest.tier, newest.description, newest.proposed_by,
        newest.proposed_at,
        case when decisions.change_id is null then 'open' else coalesce(decisions.decision, 'approved') end as status,
        coalesce(decisions.decided_by, decisions.approver) as decided_by,
        coalesce(decisions.decided_at, decisions.approved_at) as decided_at, decisions.comment,
        left(sha256(concat_ws(chr(31), changed_on, scheme, tier, newest.description)), 8) as version
    from newest
    left join decisions using (change_id, changed_on, scheme, tier, description)
    order by newest.changed_on, newest.change_id
"""
TIERS = "select distinct scheme, tier from read_csv({seed}, all_varchar = true) order by all"


@dataclass(frozen=True)
class Proposal:
    """A change of strategy as it stands.

    Attributes:
        changed_on: the day from which it holds.
        status: OPEN, APPROVED or REJECTED.
        version: a digest of what is proposed; a decision names the one that it is about.
    """

    change_id: str
    changed_on: date
    scheme: str
    tier: str
    description: str
    proposed_by: str | None
    proposed_at: datetime | None
    status: str
    decided_by: str | None
    decided_at: datetime | None
    comment: str | None
    version: str


@dataclass(frozen=True)
class Decided:
    """What deciding came to.

    Attributes:
        is_new: whether it was decided just now; else it had been decided the same way before.
    """

    proposal: Proposal
    is_new: bool


@dataclass(frozen=True)
class StrategyDesk:
    """Where changes of strategy are proposed and decided: a home and its contracts.

    Attributes:
        project_dir: the folder whose seeds name the schemes and tiers.
        timezone: the business's time zone.
    """

    home: Home
    project_dir: Path
    contracts: Mapping[str, Contract]
    timezone: str

    def proposals(self) -> list[Proposal]:
        """All of them, by the day from which they hold."""
        with duckdb.connect() as connection:
            result = connection.execute(PROPOSALS.format(raw=raw_relation_sql(self.home, self.contracts[ENTITY])))
            names = [column[0] for column in result.description or []]
            return [Proposal(**dict(zip(names, row, strict=True))) for row in result.fetchall()]

    def proposal(self, change_id: str) -> Proposal:
        """Find one.

        Raises:
            NotThereError: there is none of this ID.
        """
        known = self.proposals()
        found = next((one for one in known if one.change_id == change_id), None)
        if found is None:
            listed = ", ".join(one.change_id for one in known if one.status == OPEN) or "none"
            raise NotThereError(f"There is no change '{change_id}'.", f"Open are: {listed}.")
        return found

    def propose(
        self,
        scheme: str,
        tier: str,
        description: str,
        proposed_by: str,
        changed_on: date | None = None,
        wait_seconds: float = 0,
    ) -> Proposal:
        """Record a proposal.

        Args:
            changed_on: the day from which it is to hold; default: today.

        Raises:
            SettingsError: there is no such tier, or a text is empty.
        """
        self._check_tier(scheme, tier)
        for name, text in (("--description", description), ("--by", proposed_by)):
            if not text.strip():
                raise SettingsError(f"{name} is empty.", f"Give {name} TEXT.")
        now = self.now()
        change_id = f"P{now:%Y%m%d}-{secrets.token_hex(ID_BYTES)}"
        row = {
            "change_id": change_id,
            "changed_on": changed_on or now.date(),
            "scheme": scheme,
            "tier": tier,
            "description": description.strip(),
            "proposed_by": proposed_by.strip(),
            "proposed_at": now.isoformat(sep=" "),
        }
        with writer_lock(self.home, f"strategy propose {change_id}", wait_seconds):
            self._record(change_id, row)
        return self.proposal(change_id)

    def decide(
        self,
        change_id: str,
        decision: str,
        decided_by: str,
        *,
        comment: str | None = None,
        version: str | None = None,
        wait_seconds: float = 0,
    ) -> Decided:
        """Approve or reject a proposal.

        Args:
            decision: APPROVED or REJECTED.
            version: what the person has seen of it; None: as it stands.
            wait_seconds: how long to wait for another writer.

        Raises:
            NotThereError: there is no such proposal.
            SettingsError: nobody is named, it was decided otherwise, or it is not what the person has seen.
        """
        if not decided_by.strip():
            raise SettingsError("Nobody is named who decides.", "Say who: --by NAME.")
        with writer_lock(self.home, f"strategy {decision} {change_id}", wait_seconds):
            known = self.proposal(change_id)
            if version is not None and version != known.version:
                raise SettingsError(
                    f"Change {change_id} is not what was shown: it was changed since ({known.version}).",
                    f"Look at it and decide again: retention strategy show {change_id}.",
                )
            if known.status == decision:
                return Decided(known, is_new=False)
            if known.status != OPEN:
                raise SettingsError(
                    f"Change {change_id} was {known.status} by {known.decided_by} at {known.decided_at}.",
                    "To take a decision back, withdraw its load, as retention status lists it: retention withdraw "
                    "LOAD. Or propose anew.",
                )
            self._record(change_id, self._decided_row(known, decision, decided_by.strip(), comment))
        return Decided(self.proposal(change_id), is_new=True)

    def _decided_row(self, known: Proposal, decision: str, decided_by: str, comment: str | None) -> dict[str, object]:
        now = self.now().isoformat(sep=" ")
        row: dict[str, object] = {
            "change_id": known.change_id,
            "changed_on": known.changed_on,
            "scheme": known.scheme,
            "tier": known.tier,
            "description": known.description,
            "proposed_by": known.proposed_by,
            "proposed_at": known.proposed_at,
            "decision": decision,
            "decided_by": decided_by,
            "decided_at": now,
            "comment": (comment or "").strip() or None,
        }
        return row | ({"approver": decided_by, "approved_at": now} if decision == APPROVED else {})

    def now(self) -> datetime:
        """The present instant in the business's time zone, without offset."""
        return datetime.now(ZoneInfo(self.timezone)).replace(tzinfo=None, microsecond=0)

    def _check_tier(self, scheme: str, tier: str) -> None:
        seed = file_literal(self.project_dir / "dbt_project" / "seeds" / "tier_rules.csv")
        known: Sequence[tuple[Any, ...]] = duckdb.execute(TIERS.format(seed=seed)).fetchall()
        schemes = list(dict.fromkeys(str(name) for name, _ in known))
        if scheme not in schemes:
            raise SettingsError(f"There is no tier scheme '{scheme}'.", f"Use one of {', '.join(schemes)}.")
        tiers = [str(name) for one, name in known if one == scheme]
        # A tier in braces takes a metric's value as its tier: any can be.
        if tier not in tiers and not any(name.startswith("{") for name in tiers):
            raise SettingsError(f"Scheme {scheme} has no tier '{tier}'.", f"Use one of {', '.join(tiers)}.")

    def _record(self, change_id: str, row: Mapping[str, object]) -> None:
        """Land a row as one load."""
        path = scratch_folder(self.home) / f"strategy-{change_id}-{secrets.token_hex(ID_BYTES)}.csv".replace("/", "_")
        try:
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(row))
                writer.writeheader()
                writer.writerow(row)
            land_one(self.home, Delivery(path, self.contracts[ENTITY], "csv"), timezone=self.timezone, source=SOURCE)
        finally:
            sweep_scratch(self.home)


def told_line(one: Proposal) -> str:
    """A proposal in one line, for people."""
    decided = f" by {one.decided_by} at {one.decided_at}" if one.status != OPEN else ""
    by = f", proposed by {one.proposed_by}" if one.proposed_by else ""
    return f"{one.change_id}: {one.scheme} {one.tier} from {one.changed_on}{by}: {one.status}{decided}"
