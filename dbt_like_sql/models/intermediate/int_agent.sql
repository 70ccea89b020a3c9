-- grain: one row per agent of the roster or of the coaching log. key: agent_id.
-- What belongs to the person and not to a period: first and last day of work, first coaching (a date in the site's zone).
with
agents as (select * from {{ ref('stg_agent') }}),
exposures as (select * from {{ ref('stg_exposure') }}),

employed as (
    select
        agent_id,
        max_by(hired_on, valid_from_on) filter (where hired_on is not null) as hired_on,
        max_by(exit_on, valid_from_on) filter (where exit_on is not null) as exit_on
    from agents
    group by agent_id
),

coached as (
    select
        agent_id,
        cast(timezone('{{ var("site_zone", "UTC") }}', min(exposed_at)) as date) as first_coached_on,
        min_by(mechanism, exposed_at) filter (where mechanism is not null) as mechanism
    from exposures
    where exposure_kind = 'delivered'
    group by agent_id
)

select
    coalesce(employed.agent_id, coached.agent_id) as agent_id,
    employed.hired_on,
    employed.exit_on,
    coached.first_coached_on,
    coached.mechanism
from employed
full outer join coached on employed.agent_id = coached.agent_id
