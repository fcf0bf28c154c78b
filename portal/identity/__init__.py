"""People and how they prove who they are: logins, passwords, sessions, set-password letters."""
