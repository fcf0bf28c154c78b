"""Charges: what an account is debited for a period or an event, and the arithmetic that quotes and bills them."""
