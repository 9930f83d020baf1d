{#
  Who is who (I7, decision 26). Profiles that hold a link in common are one customer, and so are those that are linked
  through others: a chain of three is one customer.
#}

{#
  Rounds in which the least label spreads: in each it goes one profile further. A group of n profiles has settled after
  n - 1 rounds at the latest, so that one which has not is larger than any that may be merged by its keys
  (identity_max_cluster_size is at most this number plus one).
#}
{% macro identity_rounds() -%}
    {{ return(9) }}
{%- endmacro %}

{#
  CTEs that spread the least label over links; the last is `spread`, as the relation, with the label it came to and
  is_unsettled: whether the rounds did not suffice for the label's group. Each round is two windows over the rows of the
  round before, so that no engine has to copy a step or join a table with itself.

  relation: CTE with the columns node, link_id and the kept ones; a node stands in a row for each of its links.
  kept: further columns, the same in every row of a node.
#}
{% macro spread_labels(relation, kept=[]) -%}
    {% set carried = (['node', 'link_id'] + kept) | join(', ') %}
round_0 as {{ worked_out() }} (

    select
        {{ carried }},
        node as label
    from {{ relation }}

),

{% for round in range(1, identity_rounds() + 1) -%}
round_{{ round }} as {{ worked_out() }} (

    select
        {{ carried }},
        min(link_label) over (partition by node) as label
    from (
        select
            {{ carried }},
            min(label) over (partition by link_id) as link_label
        from round_{{ round - 1 }}
    ) as by_link

),

{% endfor -%}
bordered as {{ worked_out() }} (

    select
        {{ carried }},
        label,
        case
            when min(label) over (partition by link_id) < max(label) over (partition by link_id) then 1 else 0
        end as is_border
    from round_{{ identity_rounds() }}

),

spread as {{ worked_out() }} (

    select
        {{ carried }},
        label,
        max(is_border) over (partition by label) = 1 as is_unsettled
    from bordered

)
{%- endmacro %}

{# The customer whom a profile belongs to. join_golden_customer has to stand among the joins. #}
{% macro golden_customer(customer_id) -%}
    coalesce(merged_customers.golden_customer_id, {{ customer_id }})
{%- endmacro %}

{# The join for it. The map holds merged profiles alone: a company without duplicates joins with an empty table. #}
{% macro join_golden_customer(customer_id) -%}
    left join {{ ref('int_merged_customers') }} as merged_customers
        on {{ customer_id }} = merged_customers.customer_id
{%- endmacro %}
