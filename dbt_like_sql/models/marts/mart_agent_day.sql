-- grain: one row per agent and day. key: agent_id, day_on.
-- Undated interactions and those without an agent are counted in mart_coverage only.
with
interactions as (
    select *
    from {{ ref('int_interaction') }}
    where agent_id is not null and day_date is not null
),

daily as (
    select
        -- ids
        agent_id,
        day_on,
        max(team_id) as team_id,
        max(site_id) as site_id,
        -- counts and sums
        count(*) as interaction_n,
        {{ handle_sums() }},
        sum(queue_wait_s) as queue_wait_s_sum,
        count(overall) as scored_n,
        sum(overall) as overall_sum,
        count(*) - count(overall) as null_n
    from interactions
    group by agent_id, day_on
)

select
    agent_id,
    day_on,
    team_id,
    site_id,
    interaction_n,
    handled_n,
    talk_s_sum,
    hold_s_sum,
    acw_s_sum,
    handle_s_sum,
    queue_wait_s_sum,
    scored_n,
    overall_sum,
    null_n
from daily
