-- The numbers of 0005-sample-profiles.md. From the repository's root, after
--   retention sample completejourney --landing data/landing
--   retention sample cdnow --landing data/cdnow/landing
-- run
--   .venv/bin/python - <<'END'
--   import duckdb, pathlib
--   connection = duckdb.connect()
--   for statement in duckdb.extract_statements(pathlib.Path("docs/decisions/0005-sample-profiles.sql").read_text()):
--       if (table := connection.sql(statement.query)) is not None:
--           table.show(max_rows=1000, max_width=200)
--   END
--
-- A customer is judged on orders up to and including the as-of day; what follows is the next 30 or 90 days.

create view orders as
select 'retail' as profile, customer_id::varchar as customer_id, ordered_at::date as ordered_on, amount::double as amount
from read_csv('data/landing/orders/completejourney.csv.gz')
union all
select 'cdnow', customer_id::varchar, ordered_at::date, amount::double
from read_csv('data/cdnow/landing/orders/cdnow.csv.gz');

create view as_of_days(profile, as_of, has_outcome) as
values
    ('retail', date '2017-09-30', true), ('retail', date '2018-01-01', false),
    ('cdnow', date '1997-09-30', true), ('cdnow', date '1998-04-01', true), ('cdnow', date '1998-06-30', false);

create view gaps as
select
    profile,
    customer_id,
    ordered_on,
    ordered_on - lag(ordered_on) over (partition by profile, customer_id order by ordered_on) as gap_days
from (select distinct profile, customer_id, ordered_on from orders);

create view cadence as
select profile, as_of, customer_id, median(gap_days) as median_gap_days, count(*) as purchase_days
from as_of_days inner join gaps using (profile)
where ordered_on <= as_of
group by all;

-- One row per customer and as-of day: what was known, and what came after.
create table customers as
with facts as (
    select
        profile,
        as_of,
        customer_id,
        any_value(has_outcome) as has_outcome,
        as_of - max(ordered_on) filter (ordered_on <= as_of) as recency_days,
        max(ordered_on) filter (ordered_on <= as_of) as last_on,
        as_of - min(ordered_on) as age_days,
        count(*) filter (ordered_on > as_of - interval 12 month and ordered_on <= as_of) as frequency_12m,
        coalesce(sum(amount) filter (ordered_on > as_of - interval 12 month and ordered_on <= as_of), 0) as monetary_12m,
        coalesce(sum(amount) filter (ordered_on > as_of - 90 and ordered_on <= as_of), 0) as spend_90d,
        coalesce(sum(amount) filter (ordered_on > as_of - 180 and ordered_on <= as_of - 90), 0) as spend_90d_before,
        coalesce(sum(amount) filter (ordered_on > as_of - 180 and ordered_on <= as_of), 0) as spend_180d,
        coalesce(sum(amount) filter (ordered_on > as_of - 360 and ordered_on <= as_of - 180), 0) as spend_180d_before,
        count(*) filter (ordered_on > as_of and ordered_on <= as_of + 30) > 0 as buys_in_30d,
        count(*) filter (ordered_on > as_of and ordered_on <= as_of + 90) > 0 as buys_in_90d,
        coalesce(sum(amount) filter (ordered_on > as_of and ordered_on <= as_of + 90), 0) as next_spend_90d
    from as_of_days
    inner join orders using (profile)
    group by profile, as_of, customer_id
    having min(ordered_on) <= as_of
)
select facts.*, cadence.median_gap_days, cadence.purchase_days
from facts
inner join cadence using (profile, as_of, customer_id);

create table bands as
select
    *,
    unnest(
        if(profile = 'retail', [
            {'parameter': 'R1 recency', 'band': case
                when recency_days <= 7 then '1: up to 7 days'
                when recency_days <= 30 then '2: up to 30 days'
                when recency_days <= 90 then '3: up to 90 days'
                else '4: more'
            end},
            {'parameter': 'R2 frequency', 'band': case
                when frequency_12m >= 52 then '1: 52 and more'
                when frequency_12m >= 12 then '2: 12 to 51'
                when frequency_12m >= 1 then '3: 1 to 11'
                else '4: 0'
            end},
            {'parameter': 'R3 money', 'band': case
                when monetary_12m >= 3000 then '1: 3,000 and more'
                when monetary_12m >= 1000 then '2: 1,000 up to 3,000'
                else '3: below 1,000'
            end},
            {'parameter': 'L1 age', 'band': case
                when age_days <= 90 then '1: new, 0 to 90'
                when age_days <= 270 then '2: growing, 91 to 270'
                else '3: mature, 271 and more'
            end},
            {'parameter': 'L2 inactivity', 'band': case
                when recency_days <= 45 then '1: up to 45 days'
                else '2: more than 45 days'
            end},
            {'parameter': 'L2 inactivity, fine', 'band': case
                when recency_days <= 7 then '1: up to 7'
                when recency_days <= 14 then '2: 8 to 14'
                when recency_days <= 30 then '3: 15 to 30'
                when recency_days <= 45 then '4: 31 to 45'
                when recency_days <= 60 then '5: 46 to 60'
                when recency_days <= 90 then '6: 61 to 90'
                else '7: more'
            end},
            {'parameter': 'L2 spend fall', 'band': case
                when spend_90d_before = 0 then '6: nothing to compare'
                when spend_90d = 0 then '5: 100 %'
                when spend_90d <= 0.25 * spend_90d_before then '4: 75 % up to 100 %'
                when spend_90d <= 0.5 * spend_90d_before then '3: 50 % up to 75 %'
                when spend_90d < spend_90d_before then '2: up to 50 %'
                else '1: none'
            end},
            {'parameter': 'L2 at risk, either', 'band': case
                when recency_days > 45 or (spend_90d_before > 0 and spend_90d <= 0.5 * spend_90d_before) then '2: at risk'
                else '1: not'
            end},
            {'parameter': 'L5 own cadence', 'band': case
                when purchase_days < 3 then '3: fewer than 3 purchase days'
                when recency_days > 4 * median_gap_days then '2: over 4 gaps'
                else '1: up to 4 gaps'
            end},
            {'parameter': 'M1 active', 'band': case
                when recency_days < 90 then '1: active in 90 days'
                else '2: not'
            end},
            {'parameter': 'T2 value_sabc', 'band': case
                when recency_days <= 30 and frequency_12m >= 52 and monetary_12m >= 3000 then '1: S'
                when recency_days <= 30 and monetary_12m >= 1000 then '2: A'
                when recency_days <= 90 and frequency_12m >= 12 then '3: B'
                else '4: C'
            end}
        ], [
            {'parameter': 'R1 recency', 'band': case
                when last_on > as_of - interval 3 month then '1: up to 3 months'
                when last_on > as_of - interval 6 month then '2: up to 6 months'
                when last_on > as_of - interval 12 month then '3: up to 12 months'
                else '4: more'
            end},
            {'parameter': 'R2 frequency', 'band': case
                when frequency_12m >= 4 then '1: 4 and more'
                when frequency_12m >= 2 then '2: 2 to 3'
                when frequency_12m = 1 then '3: 1'
                else '4: 0'
            end},
            {'parameter': 'R3 money', 'band': case
                when monetary_12m >= 150 then '1: 150 and more'
                when monetary_12m >= 50 then '2: 50 up to 150'
                else '3: below 50'
            end},
            {'parameter': 'L1 age', 'band': case
                when age_days <= 90 then '1: new, 0 to 90'
                when age_days <= 210 then '2: growing, 91 to 210'
                else '3: mature, 211 and more'
            end},
            {'parameter': 'L2 inactivity', 'band': case
                when recency_days <= 90 then '1: up to 90 days'
                else '2: more than 90 days'
            end},
            {'parameter': 'L2 inactivity, fine', 'band': case
                when recency_days <= 15 then '1: up to 15'
                when recency_days <= 30 then '2: 16 to 30'
                when recency_days <= 60 then '3: 31 to 60'
                when recency_days <= 90 then '4: 61 to 90'
                when recency_days <= 120 then '5: 91 to 120'
                when recency_days <= 180 then '6: 121 to 180'
                else '7: more'
            end},
            {'parameter': 'L2 spend fall', 'band': case
                when spend_180d_before = 0 then '6: nothing to compare'
                when spend_180d = 0 then '5: 100 %'
                when spend_180d <= 0.25 * spend_180d_before then '4: 75 % up to 100 %'
                when spend_180d <= 0.5 * spend_180d_before then '3: 50 % up to 75 %'
                when spend_180d < spend_180d_before then '2: up to 50 %'
                else '1: none'
            end},
            {'parameter': 'L2 at risk, either', 'band': case
                when recency_days > 90 or (spend_180d_before > 0 and spend_180d = 0) then '2: at risk'
                else '1: not'
            end},
            {'parameter': 'L5 own cadence', 'band': case
                when purchase_days < 3 then '3: fewer than 3 purchase days'
                when recency_days > 5 * median_gap_days then '2: over 5 gaps'
                else '1: up to 5 gaps'
            end},
            {'parameter': 'M1 active', 'band': case
                when recency_days < 180 then '1: active in 180 days'
                else '2: not'
            end},
            {'parameter': 'T2 value_sabc', 'band': case
                when last_on > as_of - interval 3 month and frequency_12m >= 4 and monetary_12m >= 150 then '1: S'
                when last_on > as_of - interval 6 month and monetary_12m >= 50 then '2: A'
                when last_on > as_of - interval 6 month or frequency_12m >= 2 then '3: B'
                else '4: C'
            end}
        ]),
        recursive := true
    )
from customers;

-- Every band: its share, and what its customers did next. No outcome is known at the last day of the data.
select
    profile,
    parameter,
    as_of,
    band,
    count(*) as customers,
    round(count(*) / sum(count(*)) over (partition by profile, parameter, as_of), 3) as customer_share,
    if(any_value(has_outcome), round(avg(buys_in_30d::int), 3), null) as buys_30d_rate,
    if(any_value(has_outcome), round(avg(buys_in_90d::int), 3), null) as buys_90d_rate,
    if(any_value(has_outcome), round(avg(next_spend_90d), 1), null) as next_spend_90d
from bands
group by profile, parameter, as_of, band
order by profile desc, parameter, as_of, band;

-- How long customers usually wait: gaps between purchase days, and each gap over the median of the customer's own
-- earlier gaps (two or more of them).
with ratios as (
    select
        profile,
        gap_days,
        gap_days / median(gap_days) over earlier as ratio,
        count(gap_days) over earlier as earlier_gaps
    from gaps
    window earlier as (partition by profile, customer_id order by ordered_on rows between unbounded preceding and 1 preceding)
)
select
    profile,
    count(gap_days) as gaps,
    round(avg((gap_days <= 90)::int), 3) as up_to_90_days,
    round(avg((gap_days <= 180)::int), 3) as up_to_180_days,
    round(quantile_cont(ratio, 0.90) filter (earlier_gaps >= 2), 2) as ratio_q90,
    round(quantile_cont(ratio, 0.95) filter (earlier_gaps >= 2), 2) as ratio_q95
from ratios
group by profile
order by profile desc;

-- CDNOW: share of customers who buy in the k-th 30 days after the day of their first purchase.
with first_days as (
    select customer_id, min(ordered_on) as first_on from orders where profile = 'cdnow' group by customer_id
)
select (ordered_on - first_on) // 30 as period, round(count(distinct customer_id) / 23570, 3) as active_share
from orders inner join first_days using (customer_id)
where profile = 'cdnow' and ordered_on > first_on and ordered_on < first_on + 450
group by 1
order by 1;

-- How many customers of the profile's scores (R4) have bought nothing in the 12 months.
select profile, as_of, count(*) as customers, count(*) filter (frequency_12m = 0) as without_purchase_in_12m
from customers
group by all
order by profile desc, as_of;

-- Retail: what the bounds not taken would give (180 days for mature, 30 days for active).
select
    as_of,
    round(avg((age_days > 180)::int), 3) as mature_from_181_share,
    round(avg((recency_days > 30)::int), 3) as inactive_30d_share,
    if(any_value(has_outcome), round(avg(buys_in_90d::int) filter (recency_days > 30), 3), null) as of_these_buy_in_90d
from customers
where profile = 'retail'
group by as_of
order by as_of;

-- Households whose median gap between baskets, not purchase days, is 0.
with basket_gaps as (
    select
        customer_id,
        ordered_on - lag(ordered_on) over (partition by customer_id order by ordered_on) as gap_days
    from orders
    where profile = 'retail'
)
select count(*) filter (median_gap_days = 0) as households_with_median_gap_0
from (select median(gap_days) as median_gap_days from basket_gaps group by customer_id having count(gap_days) >= 2);
