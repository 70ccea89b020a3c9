"""The marts: the lake shown to dbt, dbt run in a fresh folder, the result published by swapping one link."""
