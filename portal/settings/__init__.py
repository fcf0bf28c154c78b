"""A white label's settings pages: its gateway and its letters."""
