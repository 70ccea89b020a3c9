{{ config(meta={'dagster': {'ref': {'name': 'mart_agent_week'}}}) }}
-- Every interaction stands in coverage; every dated one with an agent in its agent's day and week.
with
counted as (
    select
        (select count(*) from {{ ref('stg_interaction') }}) as interaction_n,
        (select coalesce(sum(interaction_n), 0) from {{ ref('mart_coverage') }}) as covered_n,
        (
            select count(*)
            from {{ ref('stg_interaction') }}
            where agent_id is not null and day_on <> 'undated'
        ) as agent_interaction_n,
        (select coalesce(sum(interaction_n), 0) from {{ ref('mart_agent_day') }}) as agent_day_n,
        (select coalesce(sum(interaction_n), 0) from {{ ref('mart_agent_week') }}) as agent_week_n
)

select *
from counted
where
    covered_n <> interaction_n
    or agent_day_n <> agent_interaction_n
    or agent_week_n <> agent_interaction_n
