"""The contracts are valid ODCS v3, say what tables.md says, and a broken one is told by file and field."""

import json
import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml
from tests.landing.landing_room import CONTRACTS

from retention.errors import SettingsError
from retention.landing import load_contracts
from retention.settings import PROJECT_DIR

FOLDER = PROJECT_DIR / "expectations" / "contracts"
KEYS_AND_REQUIRED = {
    "customers": (("customer_id",), ("customer_id",)),
    "orders": (("order_id",), ("order_id", "customer_id", "ordered_at", "amount")),
    "order_items": (("order_id", "line_no"), ("order_id", "line_no", "product_id", "quantity", "line_amount")),
    "returns": (("return_id",), ("return_id", "order_id", "returned_at", "amount")),
    "products": (("product_id",), ("product_id",)),
    "campaigns": (("campaign_id",), ("campaign_id", "name", "starts_on", "ends_on")),
    "touches": (("touch_id",), ("touch_id", "customer_id", "touched_at", "channel")),
    "interactions": (
        ("interaction_id",), ("interaction_id", "customer_id", "occurred_at", "channel", "interaction_type"),
    ),
    "tickets": (("ticket_id",), ("ticket_id", "received_at", "ticket_type")),
    "ticket_events": (("event_id",), ("event_id", "ticket_id", "occurred_at", "event_type")),
    "surveys": (("response_id",), ("response_id", "survey_type", "score", "responded_at")),
    "touch_plans": (("plan_id",), ("plan_id", "planned_on", "scheme", "tier", "channel", "planned_count")),
    "memberships": (("customer_id", "level_from"), ("customer_id", "level_from", "level")),
    "contracts": (("contract_id",), ("contract_id", "customer_id", "starts_on", "ends_on")),
    # No source's: what people decide about customers.
    "identity_decisions": (("decision_id",), ("decision_id", "decided_at", "action", "customer_id")),
    "alert_decisions": (
        ("decision_id",), ("decision_id", "decided_at", "alert_id", "action", "effective_on", "decided_by"),
    ),
    "label_reviews": (
        ("review_id",), ("review_id", "reviewed_at", "customer_id", "label", "rule_version", "status", "reviewer")
    ),
    "tier_reviews": (
        ("review_id", "scheme", "customer_id"),
        ("review_id", "scheme", "reviewed_on", "customer_id", "tier_before", "tier_after", "opened_at"),
    ),
    "tier_decisions": (
        ("decision_id",), ("decision_id", "review_id", "scheme", "decided_at", "decision", "approver"),
    ),
    "referrals": (("referral_id",), ("referral_id", "referrer_id", "referred_id", "referred_at")),
    "finance_totals": (("month",), ("month", "revenue")),
    "strategy_changes": (("change_id",), ("change_id", "changed_on", "scheme", "tier", "description")),
    "fx_rates": (("currency", "rate_date"), ("currency", "rate_date", "rate")),
    # What `retention value fit` finds.
    "value_fits": (("fit_id",), ("fit_id", "profile", "model", "status", "fitted_at", "data_until")),
    "value_fit_parameters": (("fit_id", "parameter"), ("fit_id", "parameter", "value")),
    "value_fit_nodes": (
        ("fit_id", "purchases", "node_number"), ("fit_id", "purchases", "node_number", "node", "weight"),
    ),
    "value_backtests": (
        ("fit_id", "measure", "method", "group_name", "group_number"),
        ("fit_id", "measure", "method", "group_name", "group_number", "customers", "actual", "predicted"),
    ),
}  # fmt: skip
FREE_TEXT = {"interactions": ["content"], "surveys": ["comment"], "ticket_events": ["note"], "tickets": ["description"]}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.name)
def test_a_contract_is_valid_by_the_standards_own_schema(path: Path) -> None:
    schema = json.loads((files("open_data_contract_standard") / "schema.json").read_text(encoding="utf-8"))
    errors = jsonschema.Draft201909Validator(schema).iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert [f"{list(error.path)}: {error.message}" for error in errors] == []


def test_keys_and_required_columns_are_those_of_the_specification() -> None:
    assert {name: (contract.key, contract.required) for name, contract in CONTRACTS.items()} == KEYS_AND_REQUIRED


def test_every_column_is_described_and_classed() -> None:
    for contract in CONTRACTS.values():
        assert contract.description
        assert contract.grain
        assert all(column.description.endswith(".") for column in contract.columns)


def test_what_names_or_reaches_a_person_is_personal() -> None:
    personal = {name: [column.name for column in contract.personal] for name, contract in CONTRACTS.items()}
    assert personal.pop("customers") == [
        "name", "contact_name", "contact_title", "phone", "email", "registration_no", "birthday",
    ]  # fmt: skip
    # Free text may name anybody.
    assert {name: columns for name, columns in personal.items() if columns} == FREE_TEXT


def test_orders_are_read_as_the_contract_says() -> None:
    orders = CONTRACTS["orders"]
    assert (orders.version_column, orders.event_column, orders.refresh_cycle_days) == ("updated_at", "ordered_at", 1)
    assert orders.column("status").allowed == ("completed", "returned", "cancelled", "pending")
    assert orders.column("customer_id").references == ("customers", "customer_id")
    assert CONTRACTS["campaigns"].column("ends_on").not_before == "starts_on"
    assert CONTRACTS["customers"].completeness["phone"] == 0.9


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("apiVersion: v3.1.0", "apiVersion: v2.2.2", "apiVersion: must be v3.x"),
        ("kind: DataContract", "kind: Poem", "kind: must be DataContract"),
        ("physicalType: DECIMAL(18,2)", "physicalType: MONEY", "amount.physicalType: 'MONEY' is none of VARCHAR"),
        ("name: order_id", "name: Order ID", "schema.properties[0].name: must be lower case letters, digits and '_'"),
        ("classification: internal", "classification: secret", "order_id.classification: 'secret' is none of public"),
        ("primaryKey: true", "primaryKey: false", "schema.properties: no column has primaryKey"),
        ("required: true", "required: maybe", "order_id.required: must be true or false"),
        (
            "[completed, returned",
            "[Completed, returned",
            "status.quality.validValues: must be a list of values in lower",
        ),
        ("property: maxBadShare", "property: badness", "schema.customProperties.maxBadShare: must be a number from 0"),
        ("value: updated_at", "value: changed_at", "schema.customProperties.versionColumn: no column 'changed_at'"),
        ("property: frequency", "property: latency", "slaProperties.frequency: is missing"),
        ("unit: d", "unit: moons", "slaProperties.frequency: needs a value above 0 and a unit d, w, m or y"),
        ("to: customers.customer_id", "to: customers.id", "customer_id.relationships.to: no column 'customers.id'"),
        ("name: customer_id", "name: order_id", "schema.properties.order_id: stands there twice"),
        ("schema:\n  - name: orders", "schema:\n  - name: sales", "schema.name: must be one schema named 'orders'"),
        ("version: 1.0.0", "version: ''", "version: is missing"),
        (
            "classification: internal",
            "customProperties: [{property: granularity, value: decade}]",
            "order_id.granularity: 'decade' is none of month",
        ),
        (
            "classification: internal",
            "customProperties: [{property: granularity, value: month}]",
            "order_id.granularity: needs physicalType DATE",
        ),
        ("kind: DataContract", "kind: [", "(line 5) cannot be read as YAML"),
    ],
)
def test_a_broken_contract_is_told_by_file_and_field(
    break_orders: Callable[[str, str], Path], old: str, new: str, told: str
) -> None:
    project = break_orders(old, new)
    with pytest.raises(SettingsError) as caught:
        load_contracts(project)
    assert told in str(caught.value)
    assert str(project / "expectations" / "contracts" / "orders.odcs.yaml") in str(caught.value)


@pytest.fixture
def break_orders(tmp_path: Path) -> Callable[[str, str], Path]:
    """Copies the project's contracts with one place of the orders' changed."""

    def break_at(old: str, new: str) -> Path:
        folder = tmp_path / "expectations" / "contracts"
        shutil.copytree(FOLDER, folder)
        orders = folder / "orders.odcs.yaml"
        text = orders.read_text(encoding="utf-8")
        assert old in text
        orders.write_text(text.replace(old, new, 1), encoding="utf-8")
        return tmp_path

    return break_at


def test_a_project_without_contracts_is_told_where_they_were_looked_for(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"No contract in .*expectations/contracts\. Point RETENTION_PROJECT_DIR"):
        load_contracts(tmp_path)
