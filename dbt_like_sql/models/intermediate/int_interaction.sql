-- grain: one row per interaction. key: interaction_id.
-- An interaction with the agent's team on that day and its score in the current epoch; unscored and undated ones stay.
with
interactions as (select * from {{ ref('stg_interaction') }}),
periods as (select * from {{ ref('int_agent_period') }}),
agents as (select * from {{ ref('int_agent') }}),

scores as (
    select
        interaction_id,
        overall,
        null_reason
    from {{ ref('stg_score_interaction') }}
    where score_epoch = {{ score_epoch() }}
),

dated as (
    select
        *,
        case when day_on <> 'undated' then cast(day_on as date) end as day_date
    from interactions
)

select
    -- ids
    dated.interaction_id,
    dated.agent_id,
    dated.customer_id,
    periods.team_id,
    periods.site_id,
    -- times
    dated.day_on,
    dated.day_date,
    {{ monday_of('dated.day_date') }} as week_on,
    dated.started_at,
    -- words
    periods.role,
    dated.channel,
    dated.intent,
    dated.queue,
    case
        when agents.hired_on is null or dated.day_date is null or dated.day_date < agents.hired_on then 'unknown'
        when dated.day_date < agents.hired_on + interval '3 months' then 'under 3 months'
        when dated.day_date < agents.hired_on + interval '12 months' then '3 to 12 months'
        else 'over 12 months'
    end as tenure_band,
    case
        when scores.interaction_id is null then 'not_yet_scored'
        when scores.overall is not null then 'scored'
        else coalesce(scores.null_reason, 'reason_missing')
    end as scoring_outcome,
    -- measures
    dated.talk_s,
    dated.hold_s,
    dated.acw_s,
    dated.talk_s + dated.hold_s + dated.acw_s as handle_s,
    dated.queue_wait_s,
    scores.overall
from dated
left join scores on dated.interaction_id = scores.interaction_id
left join agents on dated.agent_id = agents.agent_id
left join periods
    on
        dated.agent_id = periods.agent_id
        and dated.day_date between periods.valid_from_on and periods.valid_to_on
