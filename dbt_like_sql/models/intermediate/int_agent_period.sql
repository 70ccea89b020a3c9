-- grain: one row per agent and period in a team, cut so that periods never overlap. key: agent_id, valid_from_on.
-- An overlap in the roster would count an interaction twice; the later row wins from its first day on.
with
agents as (select * from {{ ref('stg_agent') }}),

ordered as (
    select
        *,
        lead(valid_from_on) over (partition by agent_id order by valid_from_on) as next_from_on
    from agents
)

select
    agent_id,
    valid_from_on,
    least(
        coalesce(valid_to_on, date '9999-12-31'),
        coalesce(cast(next_from_on - interval '1 day' as date), date '9999-12-31')
    ) as valid_to_on,
    team_id,
    site_id,
    role
from ordered
