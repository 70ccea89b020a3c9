-- grain: one row per team, ISO week, channel, intent, queue and tenure band with at least one known handle time.
-- key: team_id, week_on, channel, intent, queue, tenure_band.
with
handled as (
    select
        coalesce(team_id, 'unknown') as team_id,
        week_on,
        coalesce(channel, 'unknown') as channel,
        coalesce(intent, 'unknown') as intent,
        coalesce(queue, 'unknown') as queue,
        tenure_band,
        talk_s,
        hold_s,
        acw_s,
        handle_s
    from {{ ref('int_interaction') }}
    where handle_s is not null and week_on is not null
),

cells as (
    select
        team_id,
        week_on,
        channel,
        intent,
        queue,
        tenure_band,
        {{ handle_sums() }}
    from handled
    group by team_id, week_on, channel, intent, queue, tenure_band
)

select
    team_id,
    week_on,
    channel,
    intent,
    queue,
    tenure_band,
    handled_n,
    talk_s_sum,
    hold_s_sum,
    acw_s_sum,
    handle_s_sum
from cells
