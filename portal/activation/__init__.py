"""Signed links, completing a sign-up, and becoming active."""
