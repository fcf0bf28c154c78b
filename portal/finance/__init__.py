"""The finance desk: what the white-label account was charged, and for whom."""
