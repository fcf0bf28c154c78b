"""Who did what, when: append-only rows that the customer's timeline and the operator's trail are read from."""
