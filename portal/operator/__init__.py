"""Pages of operator staff, on the operator's own host."""
