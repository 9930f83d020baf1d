{#
  Distributions that SQL has no functions for, in plain arithmetic that means the same on every engine. Literals are
  written with an exponent: without one they are decimals. Every argument is a column or a short expression: it is
  repeated.
#}

{# c0 * x^n + c1 * x^(n-1) + ... + cn, by Horner's rule. #}
{% macro polynomial(x, coefficients) -%}
    {% set nested = namespace(sql=coefficients[0]) %}
    {% for coefficient in coefficients[1:] %}
        {% set nested.sql = '(' ~ nested.sql ~ ' * ' ~ x ~ ' + ' ~ coefficient ~ ')' %}
    {% endfor %}
    {{ return(nested.sql) }}
{%- endmacro %}

{#
  The chance that a standard normal number is above x, for x from 0 on: Hart's rational function (1968), with West's
  continued fraction from 7.07 on. Off by less than 1e-14.
#}
{% macro normal_above(x) -%}
    (exp(-{{ x }} * {{ x }} / 2) * case
        when {{ x }} < 7.07106781186547e0
            then {{ polynomial(x, [
                '3.52624965998911e-2', '7.00383064443688e-1', '6.37396220353165e0', '3.3912866078383e1',
                '1.12079291497871e2', '2.21213596169931e2', '2.20206867912376e2',
            ]) }} / {{ polynomial(x, [
                '8.83883476483184e-2', '1.75566716318264e0', '1.6064177579207e1', '8.67807322029461e1',
                '2.96564248779674e2', '6.37333633378831e2', '7.93826512519948e2', '4.40413735824752e2',
            ]) }}
        else 1 / (
            2.506628274631e0
            * ({{ x }} + 1 / ({{ x }} + 2 / ({{ x }} + 3 / ({{ x }} + 4 / ({{ x }} + 6.5e-1)))))
        )
    end)
{%- endmacro %}

{# The number that a standard normal one is below with chance p, between 0 and 1: Acklam's rational functions, relative error below 1.2e-9. #}
{% macro normal_quantile(p) -%}
    {% set middle = ['-3.969683028665376e1', '2.209460984245205e2', '-2.759285104469687e2', '1.383577518672690e2',
        '-3.066479806614716e1', '2.506628277459239e0'] %}
    {% set under_middle = ['-5.447609879822406e1', '1.615858368580409e2', '-1.556989798598866e2',
        '6.680131188771972e1', '-1.328068155288572e1', '1e0'] %}
    {% set tail = ['-7.784894002430293e-3', '-3.223964580411365e-1', '-2.400758277161838e0', '-2.549732539343734e0',
        '4.374664141464968e0', '2.938163982698783e0'] %}
    {% set under_tail = ['7.784695709041462e-3', '3.224671290700398e-1', '2.445134137142996e0', '3.754408661907416e0',
        '1e0'] %}
    {% set centred = '(' ~ p ~ ' - 5e-1)' %}
    {% set squared = '(' ~ centred ~ ' * ' ~ centred ~ ')' %}
    {% set low = 'sqrt(-2 * ln(' ~ p ~ '))' %}
    {% set high = 'sqrt(-2 * ln(1 - ' ~ p ~ '))' %}
    (case
        when {{ p }} < 2.425e-2 then {{ polynomial(low, tail) }} / {{ polynomial(low, under_tail) }}
        when {{ p }} > 1 - 2.425e-2 then -{{ polynomial(high, tail) }} / {{ polynomial(high, under_tail) }}
        else {{ polynomial(squared, middle) }} * {{ centred }} / {{ polynomial(squared, under_middle) }}
    end)
{%- endmacro %}

{#
  The quantile of Student's distribution, from the normal one at the same chance: the expansion in powers of 1 / freedom
  (Abramowitz and Stegun 26.7.5). From 3 degrees of freedom on it is off by less than 0.002 of itself.
#}
{% macro student_quantile(z, freedom) -%}
    ({{ z }}
        + {{ z }} * {{ polynomial('(' ~ z ~ ' * ' ~ z ~ ')', ['1e0', '1e0']) }} / (4 * {{ freedom }})
        + {{ z }} * {{ polynomial('(' ~ z ~ ' * ' ~ z ~ ')', ['5e0', '1.6e1', '3e0']) }} / (96 * {{ freedom }} * {{ freedom }})
        + {{ z }} * {{ polynomial('(' ~ z ~ ' * ' ~ z ~ ')', ['3e0', '1.9e1', '1.7e1', '-1.5e1']) }}
        / (384 * {{ freedom }} * {{ freedom }} * {{ freedom }})
        + {{ z }} * {{ polynomial('(' ~ z ~ ' * ' ~ z ~ ')', ['7.9e1', '7.76e2', '1.482e3', '-1.92e3', '-9.45e2']) }}
        / (92160 * {{ freedom }} * {{ freedom }} * {{ freedom }} * {{ freedom }}))
{%- endmacro %}

{# The most degrees of freedom that chi_square_above answers for. #}
{% macro most_freedom() -%}{{ return(9) }}{%- endmacro %}

{#
  The chance that a chi-square number is above x, by whole degrees of freedom: the finite sums that it has (Abramowitz and
  Stegun 26.4.4 and 26.4.5). Null above most_freedom().
#}
{% macro chi_square_above(x, freedom) -%}
    (case {{ freedom }}
        {% for count in range(1, most_freedom() + 1) %}
        {% set terms = [] %}
        {% set factor = namespace(value=1.0) %}
        {% if count % 2 == 0 %}
            {% for power in range(count // 2) %}
                {% if power %}{% set factor.value = factor.value * power %}{% endif %}
                {% do terms.append('pow(' ~ x ~ ' / 2e0, ' ~ power ~ ') / ' ~ factor.value ~ 'e0') %}
            {% endfor %}
        when {{ count }} then exp(-{{ x }} / 2e0) * ({{ terms | join(' + ') }})
        {% else %}
            {% set factor.value = 1.7724538509055159 %}
            {% for power in range(1, (count - 1) // 2 + 1) %}
                {% set factor.value = factor.value * (power - 0.5) %}
                {% do terms.append('pow(' ~ x ~ ' / 2e0, ' ~ (power - 0.5) ~ ') / ' ~ factor.value ~ 'e0') %}
            {% endfor %}
        when {{ count }} then 2 * {{ normal_above('sqrt(' ~ x ~ ')') }}
            {{- ' + exp(-' ~ x ~ ' / 2e0) * (' ~ terms | join(' + ') ~ ')' if terms }}
        {% endif %}
        {% endfor %}
    end)
{%- endmacro %}

{# Wilson's score interval of a share: one of its ends. side: -1 the lower, 1 the upper. #}
{% macro wilson(successes, trials, z, side) -%}
    (({{ successes }} + {{ z }} * {{ z }} / 2 {{ '-' if side < 0 else '+' }} {{ z }} * sqrt(
        {{ successes }} * (1 - {{ successes }} / {{ trials }}) + {{ z }} * {{ z }} / 4
    )) / ({{ trials }} + {{ z }} * {{ z }}))
{%- endmacro %}
