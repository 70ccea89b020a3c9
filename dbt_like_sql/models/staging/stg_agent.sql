-- grain: one row per agent and period in a team. key: agent_id, valid_from_on.
select
    agent_id,
    valid_from_on,
    valid_to_on,
    team_id,
    site_id,
    role,
    hired_on,
    exit_on
from {{ source('lake', 'core_agent') }}
