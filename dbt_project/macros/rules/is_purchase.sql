{#
  A purchase is a completed order; one whose returns reach its amount is none. An order of amount 0 without a
  return is a purchase (CDNOW's published cohorts count them); one below 0 is money given back, and none.
#}
{% macro is_purchase(status, gross_amount, returned_amount) -%}
    (
        {{ status }} = 'completed'
        and {{ gross_amount }} >= 0
        and not (coalesce({{ returned_amount }}, 0) > 0 and {{ returned_amount }} >= {{ gross_amount }})
    )
{%- endmacro %}
