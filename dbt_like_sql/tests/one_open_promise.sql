-- A promise is open only in a customer's latest interaction.
select
    customer_id,
    recency_no
from {{ ref('mart_customer') }}
where open_promise is not null and recency_no > 1
