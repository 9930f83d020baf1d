{% set periods_so_far = 'order by period_number rows between unbounded preceding and current row' %}

with counts as (

    select * from {{ ref('int_contract_counts') }}

),

models as (

    select * from {{ ref('int_value_models') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

observed as (

    select
        1 as first_period,
        coalesce(max(period_number), 0) as last_period
    from counts

),

spans as (

    select
        observed.first_period,
        observed.last_period + profile.contract_forecast_periods as last_period
    from observed
    cross join profile

),

periods as (

    {{ number_spine('spans', 'first_period', 'last_period', 'period_number') }}

),

followed as (

    select
        periods.period_number,
        counts.period_number is null as is_forecast,
        coalesce(counts.at_risk, 0) as at_risk,
        coalesce(counts.renewed, 0) as renewed,
        coalesce(counts.lost, 0) as lost,
        cast(counts.renewed as double) / counts.at_risk as renewal_rate,
        models.sbg_fit_id,
        models.sbg_alpha,
        models.sbg_beta,
        case when observed.last_period = 0 then 'no_contracts' else models.sbg_missing_reason end as missing_reason,
        run_parameters.as_of_date
    from periods
    left join counts on periods.period_number = counts.period_number
    cross join observed
    cross join models
    cross join run_parameters

),

-- A product is a sum of logarithms, and 0 from the period on in which nobody renewed.
estimated as (

    select
        *,
        case
            when is_forecast then null
            when min(renewed) over ({{ periods_so_far }}) = 0 then cast(0 as double)
            else exp(sum(case when renewed > 0 then ln(renewal_rate) end) over ({{ periods_so_far }}))
        end as survival,
        case
            when missing_reason is null
                then
                    exp(
                        sum(ln((sbg_beta + period_number - 1) / (sbg_alpha + sbg_beta + period_number - 1)))
                            over ({{ periods_so_far }})
                    )
        end as fitted_survival
    from followed

)

select
    period_number,
    at_risk,
    renewed,
    lost,
    {{ rounded('renewal_rate', 9) }} as renewal_rate,
    {{ rounded('survival', 9) }} as survival,
    {{ rounded('fitted_survival', 9) }} as fitted_survival,
    is_forecast,
    case when missing_reason is null then sbg_fit_id end as model_run_id,
    missing_reason,
    as_of_date
from estimated
