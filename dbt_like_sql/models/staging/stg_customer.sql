-- grain: one row per customer. key: customer_id.
select
    customer_id,
    tier,
    preferred_name,
    state_of_residence
from {{ source('lake', 'core_customer') }}
