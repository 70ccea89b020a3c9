-- grain: one row per agent, ISO week, question and epoch; the current epoch only.
-- key: agent_id, week_on, question_id, score_epoch.
with
interactions as (
    select
        interaction_id,
        agent_id,
        week_on,
        day_on,
        team_id
    from {{ ref('int_interaction') }}
    where agent_id is not null and week_on is not null
),

questions as (
    select *
    from {{ ref('stg_score_question') }}
    where score_epoch = {{ score_epoch() }}
),

weekly as (
    select
        -- ids
        interactions.agent_id,
        interactions.week_on,
        questions.question_id,
        questions.score_epoch,
        max_by(interactions.team_id, interactions.day_on) filter (where interactions.team_id is not null) as team_id,
        max(questions.section_id) as section_id,
        max(questions.behaviour_id) as behaviour_id,
        -- counts and sums; points and points possible over the same answers
        count(*) as interaction_n,
        cast(coalesce(sum(questions.called_for_n), 0) as bigint) as called_for_n,
        cast(coalesce(sum(questions.done_n), 0) as bigint) as done_n,
        count(*) filter (where questions.answer = 'na') as na_n,
        count(*) filter (where questions.answer is null) as null_n,
        sum(questions.points) filter (where questions.points_possible is not null) as points_sum,
        sum(questions.points_possible) filter (where questions.points is not null) as points_possible_sum,
        bool_or(questions.is_advisory) as is_advisory
    from questions
    inner join interactions on questions.interaction_id = interactions.interaction_id
    group by
        interactions.agent_id,
        interactions.week_on,
        questions.question_id,
        questions.score_epoch
)

select
    agent_id,
    week_on,
    question_id,
    score_epoch,
    team_id,
    section_id,
    behaviour_id,
    interaction_n,
    called_for_n,
    done_n,
    na_n,
    null_n,
    points_sum,
    points_possible_sum,
    is_advisory
from weekly
