-- grain: one row per queue and half-hour in which a contact started. key: queue, interval_start_at.
with
contacts as (
    select
        interaction_id,
        coalesce(queue, 'unknown') as queue,
        {{ half_hour_of('started_at') }} as interval_start_at,
        talk_s,
        hold_s,
        acw_s,
        handle_s,
        queue_wait_s
    from {{ ref('int_interaction') }}
    where started_at is not null
),

-- Null where the source does not say: an interval nobody told of is not one without abandonment.
told as (
    select
        interaction_id,
        bool_or(is_abandoned) as is_abandoned
    from {{ ref('stg_leg') }}
    where is_abandoned is not null
    group by interaction_id
),

intervals as (
    select
        -- ids
        contacts.queue,
        contacts.interval_start_at,
        -- counts and sums
        count(*) as offered_n,
        case when count(told.is_abandoned) > 0 then count(*) filter (where told.is_abandoned) end as abandoned_n,
        {{ handle_sums() }},
        sum(queue_wait_s) as queue_wait_s_sum
    from contacts
    left join told on contacts.interaction_id = told.interaction_id
    group by contacts.queue, contacts.interval_start_at
)

select
    queue,
    interval_start_at,
    cast(1800 as double) as interval_s,
    offered_n,
    handled_n,
    abandoned_n,
    talk_s_sum,
    hold_s_sum,
    acw_s_sum,
    handle_s_sum,
    queue_wait_s_sum
from intervals
