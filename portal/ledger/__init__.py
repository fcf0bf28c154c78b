"""The double-entry journal: two books a white label, append-only lines, balances that never drift."""
