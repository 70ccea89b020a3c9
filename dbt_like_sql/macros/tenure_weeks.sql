{#- Weeks from the first day of work to a Monday; 0 in the week of hiring, null before it (a wrong roster is not tenure 0). -#}
{% macro tenure_weeks(hired_on, week_on) -%}
    case
        when {{ week_on }} >= {{ monday_of(hired_on) }}
            then greatest({{ dbt.datediff(hired_on, week_on, 'day') }}, 0) / 7.0
    end
{%- endmacro %}
