"""What is switched on for an account, looked at and changed from either side."""
