{#
  Stops the build on a broken row of any rule seed, whoever would read it: asked by a model that stands before all
  others, so that it is told once and at once.
#}
{% macro check_rules() -%}
    {% for rows in [rule_rows("tier_rules"), lifecycle_rule_rows(), dormancy_rule_rows()] %}
        {% for scheme in rows | map(attribute="scheme") | unique %}
            {% for group in rule_groups(scheme, rows) %}
                {% for row in group.conditions %}{% do rule_condition(row) %}{% endfor %}
            {% endfor %}
        {% endfor %}
    {% endfor %}
    {% do profile_labels() %}
    {% do band_rows() %}
{%- endmacro %}
