{#
  Behaviour labels (B). A label is one rule in label_rules.csv: groups of conditions, of which one has to hold whole. A
  customer holds every label whose rule it meets, so labels are asked side by side and none waits for another.
#}

{# The rows of label_rules.csv for this run's profile; none switched off. #}
{% macro label_rule_rows() -%}
    {% set found = [] %}
    {% for row in seed_rows("label_rules", "label", ["label", "condition_group", "metric", "operator", "value", "rule_id"]) %}
        {% do found.append(dict(row, within="label " ~ row.label ~ ", group " ~ row.condition_group)) %}
    {% endfor %}
    {% set off = found | selectattr("metric", "equalto", "never") | map(attribute="label") | list %}
    {% for row in found if row.label in off and row.metric != "never" %}
        {{ rule_problem(row, "its label is switched off by 'never'.", "Delete the row with never, or this one.") }}
    {% endfor %}
    {{ return(found | rejectattr("metric", "equalto", "never") | list) }}
{%- endmacro %}

{# Stops the build when a row can be no part of its label's rule. #}
{% macro check_label_row(row, label) -%}
    {% if row.rule_id != label.rule_id %}
        {{ rule_problem(
            row,
            "the label is given by rule " ~ label.rule_id ~ " too.",
            "A label is one rule: give all its rows one rule_id, and write alternatives as groups.",
        ) }}
    {% endif %}
    {% if row.metric == "always" %}
        {{ rule_problem(row, "every customer would hold the label.", "Ask a metric, or switch the label off with never.") }}
    {% endif %}
    {# Asked for what it refuses: an unknown metric or operator, a value of the wrong type. #}
    {% do rule_condition(row) %}
{%- endmacro %}

{#
  The labels of this run's profile in the order of their names, checked; a list of label, rule_id, rule_version,
  rule_text and groups (as rule_groups gives them).

  rule_version: eight hex digits that change when the conditions do; whatever the profile that they come from, the lines
  they stand on and the rule's ID.
#}
{% macro profile_labels() -%}
    {% set labels = [] %}
    {% for row in label_rule_rows() %}
        {% if not labels or labels[-1].label != row.label %}
            {% do labels.append({"label": row.label, "rule_id": row.rule_id, "groups": []}) %}
        {% endif %}
        {% set groups = labels[-1].groups %}
        {% do check_label_row(row, labels[-1]) %}
        {% if groups and groups[-1].name == row.condition_group %}
            {% do groups[-1].conditions.append(row) %}
        {% else %}
            {% do groups.append({"name": row.condition_group, "rule": row, "conditions": [row]}) %}
        {% endif %}
    {% endfor %}
    {% for label in labels %}
        {% set alternatives = [] %}
        {% for group in label.groups %}
            {% set conditions = [] %}
            {% for row in group.conditions %}
                {% do conditions.append([row.metric, row.operator, row.value] | select | join(" ")) %}
            {% endfor %}
            {% do alternatives.append(conditions | join(" and ")) %}
        {% endfor %}
        {% set text = alternatives | join(" or ") %}
        {% do label.update({"rule_text": text, "rule_version": local_md5(label.label ~ ": " ~ text)[:8]}) %}
    {% endfor %}
    {{ return(labels) }}
{%- endmacro %}

{# The conditions of the group that was met, with the customer's values, as a CASE over the group's number. #}
{% macro label_evidence(number, groups) -%}
    case {{ number }}
        {%- for group in groups %}
        when {{ loop.index }} then
            {%- for row in group.conditions %} {{ rule_evidence(row) }}{% if not loop.last %} || ' and ' ||{% endif %}{% endfor %}
        {%- endfor %}
    end
{%- endmacro %}

{# The columns of a label that nobody holds: what a profile that has switched all labels off publishes. #}
{% macro no_label() -%}
    {% set text = "cast(null as " ~ dbt.type_string() ~ ")" %}
    {{ return({
        "label": text,
        "rule_id": text,
        "rule_version": text,
        "rule_text": text,
        "evidence": text,
        "match_number": "cast(null as integer)",
        "first_seen_on": "cast(null as date)",
        "last_seen_on": "cast(null as date)",
    }) }}
{%- endmacro %}
