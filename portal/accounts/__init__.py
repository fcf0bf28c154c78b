"""Customer accounts and the white-label account: lifecycle, memberships, contacts, addresses."""
