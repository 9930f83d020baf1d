{# What touches say beside themselves: who was left out, and which order may follow from one. #}

{#
  Whether a touch stands for a customer who was left out of a campaign to compare with: nobody contacted it
  (decision 33). The name of the variant is the profile's holdout_variant.
#}
{% macro is_holdout(variant, holdout_variant) -%}
    (coalesce(lower(trim({{ variant }})), '') = lower(trim({{ holdout_variant }})))
{%- endmacro %}

{#
  Whether an order came after a touch and within so many days of it. On the day of the touch the instant decides, but for
  orders of midnight: sources that know days alone date by it.
#}
{% macro follows_touch(orders, touches, days) -%}
    (
        {{ orders }}.order_date <= {{ add_days(touches ~ '.touched_on', days) }}
        and (
            {{ orders }}.order_date > {{ touches }}.touched_on
            or (
                {{ orders }}.order_date = {{ touches }}.touched_on
                and (
                    {{ orders }}.ordered_at >= {{ touches }}.touched_at
                    or (
                        extract(hour from {{ orders }}.ordered_at) = 0
                        and extract(minute from {{ orders }}.ordered_at) = 0
                        and extract(second from {{ orders }}.ordered_at) = 0
                    )
                )
            )
        )
    )
{%- endmacro %}
