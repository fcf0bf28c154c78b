"""The people of an account: members, roles, invitations; for administrators of either side."""
