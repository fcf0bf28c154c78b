"""Tenants: who a white label is, its host, its brand, its gateway credentials and its settings."""
