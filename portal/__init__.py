"""White-label sign-up and payment portal."""
