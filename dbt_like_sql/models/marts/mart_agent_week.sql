-- grain: one row per agent and ISO week with at least one interaction. key: agent_id, week_on.
-- Sufficient statistics: means, variances and covariances follow from sums, so estimators never read interactions.
with
interactions as not materialized (
    select
        interaction_id,
        agent_id,
        week_on,
        day_on,
        team_id,
        site_id,
        role,
        handle_s,
        queue_wait_s,
        overall,
        -- A part counts only where the whole is known; as a value, not as a filter of each of ten sums.
        case when handle_s is not null then talk_s end as talk_s,
        case when handle_s is not null then hold_s end as hold_s,
        case when handle_s is not null then acw_s end as acw_s
    from {{ ref('int_interaction') }}
    where agent_id is not null and week_on is not null
),

agents as (select * from {{ ref('int_agent') }}),

-- When coaching of the week was delivered: how long after the behaviour it is about.
feedback as (
    select
        agent_id,
        {{ monday_of("cast(timezone('" ~ var("site_zone", "UTC") ~ "', exposed_at) as date)") }} as week_on,
        median(delay_s) as delay_s
    from {{ ref('stg_exposure') }}
    where exposure_kind = 'delivered' and delay_s is not null
    group by all
),

satisfaction as (
    select
        interaction_id,
        count(*) as csat_n,
        sum((survey_value - 1) / (scale_max - 1)) as csat_sum
    from {{ ref('stg_survey') }}
    where
        respondent = 'customer'
        and scale_max > 1
        and survey_value between 1 and scale_max
        and coalesce(lower(survey_item), 'csat') in ('{{ var("csat_items") | join("', '") }}')
    group by interaction_id
),

-- Few interactions are surveyed: joined on their own, so that the others are not looked up.
satisfied as (
    select
        interactions.agent_id,
        interactions.week_on,
        sum(satisfaction.csat_n) as csat_n,
        sum(satisfaction.csat_sum) as csat_sum
    from satisfaction
    inner join interactions on satisfaction.interaction_id = interactions.interaction_id
    group by interactions.agent_id, interactions.week_on
),

weekly as (
    select
        -- ids
        agent_id,
        week_on,
        -- the roster's last word of the week, one period of it: team, site and role belong together
        arg_max({'team_id': team_id, 'site_id': site_id, 'role': role}, day_on)
            filter (where coalesce(team_id, site_id, role) is not null) as roster,
        -- counts and sums
        count(*) as interaction_n,
        count(handle_s) as handled_n,
        sum(talk_s) as talk_s_sum,
        sum(hold_s) as hold_s_sum,
        sum(acw_s) as acw_s_sum,
        sum(handle_s) as handle_s_sum,
        sum(talk_s * talk_s) as talk_s_sumsq,
        sum(hold_s * hold_s) as hold_s_sumsq,
        sum(acw_s * acw_s) as acw_s_sumsq,
        sum(handle_s * handle_s) as handle_s_sumsq,
        sum(talk_s * hold_s) as talk_s_hold_s_cross,
        sum(talk_s * acw_s) as talk_s_acw_s_cross,
        sum(hold_s * acw_s) as hold_s_acw_s_cross,
        sum(queue_wait_s) as queue_wait_s_sum,
        count(overall) as scored_n,
        sum(overall) as overall_sum,
        sum(overall * overall) as overall_sumsq
    from interactions
    group by agent_id, week_on
)

select
    weekly.agent_id,
    weekly.week_on,
    weekly.roster.team_id as team_id,
    weekly.roster.site_id as site_id,
    weekly.roster.role as role,
    {{ monday_of('agents.first_coached_on') }} as first_treated_on,
    agents.mechanism,
    {{ tenure_weeks('agents.hired_on', 'weekly.week_on') }} as tenure_weeks,
    {{ monday_of('agents.exit_on') }} as exit_week_on,
    weekly.interaction_n,
    weekly.handled_n,
    weekly.talk_s_sum,
    weekly.hold_s_sum,
    weekly.acw_s_sum,
    weekly.handle_s_sum,
    weekly.talk_s_sumsq,
    weekly.hold_s_sumsq,
    weekly.acw_s_sumsq,
    weekly.handle_s_sumsq,
    weekly.talk_s_hold_s_cross,
    weekly.talk_s_acw_s_cross,
    weekly.hold_s_acw_s_cross,
    weekly.queue_wait_s_sum,
    weekly.scored_n,
    weekly.overall_sum,
    weekly.overall_sumsq,
    cast(coalesce(satisfied.csat_n, 0) as bigint) as csat_n,
    satisfied.csat_sum,
    feedback.delay_s,
    {{ score_epoch() }} as score_epoch
from weekly
left join agents on weekly.agent_id = agents.agent_id
left join satisfied on weekly.agent_id = satisfied.agent_id and weekly.week_on = satisfied.week_on
left join feedback on weekly.agent_id = feedback.agent_id and weekly.week_on = feedback.week_on
