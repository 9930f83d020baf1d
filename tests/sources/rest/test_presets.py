"""The ready-made declarations against services that behave as the public documentation of the real ones says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from tests.sources.rest.conftest import feed_of, ids, open_quickly, read_all
from tests.sources.rest.service import KEY, Asked, Reply, running

from retention.landing.contracts import Contract
from retention.sources.extractor import SourceError
from retention.sources.rest.declaration import RestSource
from retention.sources.rest.ready_made import FOLDER, expand

APP, FORM = "59264073a2a60c0c08e20bfb", "59264073a2a60c0c08e20bfd"
BEGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)


def written(instant: datetime) -> str:
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


class Forms:
    """Jiandaoyun's data list: sorted by data ID, behind data_id, limit 1 to 100, filter of conditions."""

    def __init__(self, count: int) -> None:
        self.rows = [self.record(number) for number in range(count)]

    @staticmethod
    def record(number: int) -> dict[str, Any]:
        changed = written(BEGIN + timedelta(hours=number))
        return {
            "_id": f"{number:024x}",
            "appId": APP,
            "entryId": FORM,
            "creator": {"name": "小简", "username": "xiaojian", "status": 1},
            "createTime": changed,
            "updateTime": changed,
            "deleteTime": None,
            "_widget_1432728651402": f"客户{number}",
            "_widget_1432728651403": ["物流", "质量"] if number % 2 else [],
            "_widget_1432728651404": "投诉" if number % 3 else "建议",
            "_widget_1432728651405": [{"_id": "1", "_widget_9": "A"}, {"_id": "2", "_widget_9": "B"}],
        }

    def __call__(self, asked: Asked) -> Reply:
        body = asked.body or {}
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return Reply({"code": 8301, "msg": "The api key is invalid."}, 400)
        if (asked.method, asked.path) != ("POST", "/api/v5/app/entry/data/list"):
            return Reply({"code": 17024, "msg": "The path is wrong."}, 400)
        if (body.get("app_id"), body.get("entry_id")) != (APP, FORM) or not 1 <= body.get("limit", 10) <= 100:
            return Reply({"code": 17025, "msg": "The parameter is invalid."}, 400)
        behind = [row for row in self.rows if row["_id"] > body.get("data_id", "")]
        for condition in body.get("filter", {}).get("cond", []):
            assert (condition["method"], condition["type"]) == ("range", "datetime")
            low, high = condition["value"]
            behind = [row for row in behind if low <= row[condition["field"]] <= high]
        return Reply({"data": behind[: body.get("limit", 10)]})


def forms_source(url: str) -> RestSource:
    return RestSource.model_validate(
        yaml.safe_load(f"""
        name: forms
        kind: rest
        preset: jiandaoyun
        secret: {{env: JIANDAOYUN_KEY}}
        base_url: {url}
        requests_per_second: 1000
        app_id: {APP}
        entities:
          - entity: tickets
            entry_id: {FORM}
            columns:
              ticket_id: _id
              received_at: createTime
              customer_id: _widget_1432728651402
              category: _widget_1432728651403
              ticket_type: _widget_1432728651404
              description: _widget_1432728651405[*]._widget_9
              updated_at: updateTime
            values:
              ticket_type: {{投诉: complaint, 建议: suggestion, "*": inquiry}}
        """)
    )


def test_jiandaoyun_reads_a_form_hundred_rows_at_a_time(contracts: dict[str, Contract]) -> None:
    forms = Forms(250)
    with running(forms) as service:
        declared = forms_source(service.url)
        pages = read_all(open_quickly(declared), feed_of(declared, contracts))
    assert [page.rows.num_rows for page in pages] == [100, 100, 50]
    assert ids(pages, "ticket_id") == [row["_id"] for row in forms.rows]
    assert pages[0].rows.slice(1, 1).to_pylist()[0] | {"ticket_id": None} == {
        column.name: None for column in contracts["tickets"].columns
    } | {
        "received_at": "2026-03-01T09:00:00.000Z",
        "customer_id": "客户1",
        "category": "物流;质量",
        "ticket_type": "complaint",
        "description": "A;B",
        "updated_at": "2026-03-01T09:00:00.000Z",
    }


def test_jiandaoyun_asks_for_what_changed_since(contracts: dict[str, Contract]) -> None:
    forms = Forms(250)
    with running(forms) as service:
        declared = forms_source(service.url)
        since = written(BEGIN + timedelta(hours=120))
        pages = read_all(open_quickly(declared), feed_of(declared, contracts), since)
    assert ids(pages, "ticket_id") == [row["_id"] for row in forms.rows[120:]]
    assert declared.entities[0].cursor is not None
    assert declared.entities[0].cursor.overlap == timedelta(days=1)


def test_jiandaoyuns_code_for_too_many_requests_is_asked_again(contracts: dict[str, Contract]) -> None:
    with running(Forms(5)) as service:
        service.faults += [Reply({"code": 8303, "msg": "超出请求频率限制"}, 400), Reply({}, 429)]
        declared = forms_source(service.url)
        assert len(ids(read_all(open_quickly(declared), feed_of(declared, contracts)), "ticket_id")) == 5


def test_jiandaoyuns_other_codes_end_the_extract_with_its_message(contracts: dict[str, Contract]) -> None:
    with running(Forms(5)) as service:
        declared = forms_source(service.url)
        with pytest.raises(SourceError, match=r"answers 400: .*The api key is invalid"):
            read_all(open_quickly(declared, key="another"), feed_of(declared, contracts))


class Crm:
    """HubSpot's list and search of CRM objects: properties on request, paging.next at all but the last page."""

    def __init__(self, count: int, changed: str) -> None:
        self.changed = changed
        self.objects = {number: written(BEGIN + timedelta(minutes=number)) for number in range(1, count + 1)}

    def record(self, number: int, properties: list[str]) -> dict[str, Any]:
        known = {
            "hs_object_id": str(number),
            self.changed: self.objects[number],
            "createdate": written(BEGIN),
            "closedate": written(BEGIN),
            "amount": "1200.50",
            "dealstage": ["closedwon", "closedlost", "contractsent"][number % 3],
            "hs_primary_associated_company": "77",
            "hs_ticket_category": [None, "PRODUCT_ISSUE", "FEATURE_REQUEST"][number % 3],
            "name": f"Company {number}",
            "lastname": f"Person {number}",
        }
        shown = {name: known.get(name) for name in properties}
        return {"id": str(number), "properties": shown, "createdAt": written(BEGIN), "archived": False}

    def __call__(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return Reply({"status": "error", "category": "INVALID_AUTHENTICATION"}, 401)
        return self.search(asked.body) if asked.path.endswith("/search") else self.list(asked.params)

    def list(self, params: dict[str, str]) -> Reply:
        limit = int(params["limit"])
        if limit > 100:
            return Reply({"status": "error", "message": "limit"}, 400)
        behind = [number for number in self.objects if number > int(params.get("after", 0))]
        shown = [self.record(number, params["properties"].split(",")) for number in behind[:limit]]
        more = {"paging": {"next": {"after": str(behind[limit - 1]), "link": "?"}}} if len(behind) > limit else {}
        return Reply({"results": shown} | more)

    def search(self, body: dict[str, Any]) -> Reply:
        if body["limit"] > 200 or int(body.get("after", 0)) + body["limit"] > 10_000:
            return Reply({"status": "error", "message": "paging"}, 400)
        found = list(self.objects)
        [group] = body["filterGroups"]
        for condition in group["filters"]:
            match condition["propertyName"], condition["operator"]:
                case "hs_object_id", "GT":
                    found = [number for number in found if number > int(condition["value"])]
                case self.changed, "GTE":
                    found = [number for number in found if self.objects[number] >= condition["value"]]
                case _:
                    return Reply({"status": "error", "message": f"unknown filter {condition}"}, 400)
        assert body["sorts"] == [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        shown = [self.record(number, body["properties"]) for number in sorted(found)[: body["limit"]]]
        return Reply({"total": len(found), "results": shown})


def crm_source(url: str, entity: str, crm_object: str) -> RestSource:
    return RestSource.model_validate(
        {
            "name": "crm",
            "kind": "rest",
            "preset": "hubspot",
            "secret": {"env": "HUBSPOT_TOKEN"},
            "base_url": url,
            "requests_per_second": 1000,
            "entities": [{"entity": entity, "object": crm_object}],
        }
    )


OBJECTS = [
    ("customers", "contacts", "customer_id", "lastmodifieddate"),
    ("customers", "companies", "customer_id", "hs_lastmodifieddate"),
    ("orders", "deals", "order_id", "hs_lastmodifieddate"),
    ("tickets", "tickets", "ticket_id", "hs_lastmodifieddate"),
]


@pytest.mark.parametrize(("entity", "crm_object", "key", "changed"), OBJECTS)
def test_hubspot_lists_all_objects_then_searches_what_changed(
    contracts: dict[str, Contract], entity: str, crm_object: str, key: str, changed: str
) -> None:
    with running(Crm(450, changed)) as service:
        declared = crm_source(service.url, entity, crm_object)
        feed = feed_of(declared, contracts)
        pages = read_all(open_quickly(declared), feed)
        assert ids(pages, key) == [str(number) for number in range(1, 451)]
        assert {asked.method for asked in service.asked} == {"GET"}
        since = written(BEGIN + timedelta(minutes=30))
        later = read_all(open_quickly(declared), feed, since)
        assert ids(later, key) == [str(number) for number in range(30, 451)]
        assert service.asked[-1].path == f"/crm/v3/objects/{crm_object}/search"


def test_hubspots_search_is_not_bound_to_ten_thousand_rows(contracts: dict[str, Contract]) -> None:
    with running(Crm(10_450, "hs_lastmodifieddate")) as service:
        declared = crm_source(service.url, "orders", "deals")
        pages = read_all(open_quickly(declared), feed_of(declared, contracts), written(BEGIN))
    assert len(ids(pages)) == 10_450


def test_hubspots_stages_and_categories_become_the_contracts(contracts: dict[str, Contract]) -> None:
    with running(Crm(3, "hs_lastmodifieddate")) as service:
        deals = crm_source(service.url, "orders", "deals")
        tickets = crm_source(service.url, "tickets", "tickets")
        rows = read_all(open_quickly(deals), feed_of(deals, contracts))[0].rows.to_pylist()
        kinds = ids(read_all(open_quickly(tickets), feed_of(tickets, contracts)), "ticket_type")
    assert [(row["status"], row["customer_id"], row["amount"]) for row in rows] == [
        ("cancelled", "77", "1200.50"),
        ("pending", "77", "1200.50"),
        ("completed", "77", "1200.50"),
    ]
    assert kinds == ["complaint", "suggestion", "inquiry"]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yml")), ids=lambda path: path.stem)
def test_every_preset_maps_to_columns_of_the_contracts(path: Any, contracts: dict[str, Contract]) -> None:
    preset = yaml.safe_load(path.read_text(encoding="utf-8"))
    entities = {"contacts": "customers", "companies": "customers", "deals": "orders", "tickets": "tickets"}
    variants = preset.get("variants", {}).get("object", {})
    assert set(variants) <= set(entities)
    for name, variant in variants.items():
        known = {column.name for column in contracts[entities[name]].columns}
        given = {*variant["columns"], *variant.get("constants", {})}
        assert given <= known, name
        assert set(contracts[entities[name]].required) <= given, name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"preset": "salesforce"}, "there is no preset 'salesforce'; choose one of: hubspot, jiandaoyun"),
        ({"entities": [{"entity": "orders"}]}, "the preset needs object of each entity"),
        ({"entities": [{"entity": "orders", "object": "quotes"}]}, "object: choose one of: contacts, companies"),
        ({"preset": "jiandaoyun"}, "the preset needs app_id of the source"),
    ],
)
def test_a_preset_says_what_it_needs(change: dict[str, Any], message: str) -> None:
    declared = {"name": "crm", "kind": "rest", "preset": "hubspot", "secret": {"env": "X"}}
    with pytest.raises(ValidationError, match=message):
        RestSource.model_validate(declared | {"entities": []} | change)


def test_what_the_user_declares_wins_over_the_preset() -> None:
    entity = {
        "entity": "orders",
        "object": "deals",
        "columns": {"channel": "properties.pipeline", "ordered_at": "properties.createdate"},
        "cursor": None,
    }
    declared = expand({"name": "crm", "kind": "rest", "preset": "hubspot", "entities": [entity]})
    [orders] = declared["entities"]
    assert orders["columns"] | {"order_id": "id", "ordered_at": "properties.createdate"} == orders["columns"]
    assert "pipeline" in orders["params"]["properties"].split(",")
    assert "incremental" not in orders
