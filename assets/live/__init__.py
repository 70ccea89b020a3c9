"""What the live sidecar reads: published every hour without waiting for dbt."""
