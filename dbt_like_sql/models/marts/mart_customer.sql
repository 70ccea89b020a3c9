-- grain: one row per customer and recency, the latest three interactions. key: customer_id, recency_no.
-- A promise is a quote behind the question whose moments are promised follow-ups, told with or without a time. It is open while
-- the customer has no later contact, so it can only stand in the latest row. First version: whether it was kept is not known here.
with
ranked as (
    select
        customer_id,
        interaction_id,
        started_at,
        channel,
        intent,
        row_number() over (
            partition by customer_id
            order by started_at desc nulls last, interaction_id desc
        ) as recency_no
    from {{ ref('int_interaction') }}
    where customer_id is not null
),

recent as (select * from ranked where recency_no <= 3),

legs as (
    select
        interaction_id,
        disposition,
        row_number() over (partition by interaction_id order by leg_no desc) as from_last
    from {{ ref('stg_leg') }}
),

endings as (
    select
        interaction_id,
        disposition as outcome
    from legs
    where from_last = 1
),

promised as (
    select
        interaction_id,
        question_id
    from {{ ref('stg_score_question') }}
    where
        score_epoch = {{ score_epoch() }}
        and answer in ('yes', 'partial', 'no')
        and question_id in ('{{ var("promise_questions", ["follow_up_time"]) | join("', '") }}')
),

quotes as (
    select
        evidence.interaction_id,
        evidence.quote,
        row_number() over (
            partition by evidence.interaction_id
            order by evidence.turn desc nulls last, evidence.evidence_no desc, evidence.question_id asc
        ) as from_last
    from {{ ref('stg_score_evidence') }} as evidence
    inner join promised
        on
            evidence.interaction_id = promised.interaction_id
            and evidence.question_id = promised.question_id
    where
        evidence.score_epoch = {{ score_epoch() }}
        and evidence.quote is not null
),

promises as (
    select
        interaction_id,
        quote as open_promise
    from quotes
    where from_last = 1
),

customers as (select * from {{ ref('stg_customer') }})

select
    recent.customer_id,
    recent.recency_no,
    recent.interaction_id,
    recent.started_at,
    recent.channel,
    recent.intent,
    endings.outcome,
    promises.open_promise,
    customers.tier,
    customers.preferred_name,
    customers.state_of_residence
from recent
left join endings on recent.interaction_id = endings.interaction_id
left join promises on recent.interaction_id = promises.interaction_id and recent.recency_no = 1
left join customers on recent.customer_id = customers.customer_id
