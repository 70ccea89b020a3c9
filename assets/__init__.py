"""What exists: Dagster assets, thin bodies over the pure functions that lie beside them."""
