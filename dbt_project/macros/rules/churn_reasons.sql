{#
  What reasons of churn can ask for (K2): the kind of each signal. Events are looked for from look_back_days before the
  last purchase up to the day of loss; a state is that of the day of loss. retention.rules reads this list.
#}
{% macro churn_signals() -%}
    {{ return({
        "nps_answer": "event",
        "csat_answer": "event",
        "ces_answer": "event",
        "negative_feedbacks": "event",
        "open_tickets": "event",
        "breached_tickets": "event",
        "complaints": "event",
        "ticket_score": "event",
        "ended_contracts": "event",
        "returned_share": "state",
        "discount_share": "state",
        "frequency_change_rate": "state",
        "spend_change_rate": "state",
        "purchase_days": "state",
        "days_without_contact": "state",
    }) }}
{%- endmacro %}
