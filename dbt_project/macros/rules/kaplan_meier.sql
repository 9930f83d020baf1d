{#
  Kaplan and Meier's product-limit estimate with pointwise bands (M4).

  relation: one row per group and day, with columns `after_days`, `events` and `censored` (customers that left the group
  on the day, with the event or unobserved from then on) and `band_z`, the quantile of the normal distribution for the
  band.
  by: the columns of a group.

  Gives the same rows with at_risk (those who had not left before the day: events come before censoring), survival,
  ci_low and ci_high. The variance is Greenwood's, the band is on the scale of log(-log(survival)), so that it stays
  between 0 and 1. It is null where survival is 1 or 0: the scale has no such point.

  The product is a sum of logarithms, which is why it is kept apart once it is 0. Rounded to nine decimals: sums of
  binary fractions depend on their order.
#}
{% macro kaplan_meier(relation, by) -%}
    {% set group = by | join(', ') %}
    {% set days_so_far = 'partition by ' ~ group ~ ' order by after_days rows between unbounded preceding and current row' %}
    select
        {{ group }},
        after_days,
        events,
        censored,
        at_risk,
        {{ rounded('survival', 9) }} as survival,
        {{ rounded('exp(-exp(log_hazard + band_width))', 9) }} as ci_low,
        {{ rounded('exp(-exp(log_hazard - band_width))', 9) }} as ci_high
    from (
        select
            *,
            case when survival > 0 and survival < 1 then ln(-ln(survival)) end as log_hazard,
            case when survival > 0 and survival < 1 then band_z * sqrt(greenwood) / -ln(survival) end as band_width
        from (
            select
                *,
                case
                    when max(case when events = at_risk then 1 else 0 end) over ({{ days_so_far }}) = 1
                        then cast(0 as double)
                    else exp(sum(
                        case when events < at_risk then ln(cast(at_risk - events as double) / at_risk) else 0 end
                    ) over ({{ days_so_far }}))
                end as survival,
                sum(
                    case
                        when events < at_risk
                            then cast(events as double) / (cast(at_risk as double) * (at_risk - events))
                        else 0
                    end
                ) over ({{ days_so_far }}) as greenwood
            from (
                select
                    *,
                    sum(events + censored) over (
                        partition by {{ group }} order by after_days desc rows between unbounded preceding and current row
                    ) as at_risk
                from {{ relation }}
            ) as followed
        ) as estimated
    ) as banded
{%- endmacro %}
