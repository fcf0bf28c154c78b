"""What every room stands on and which knows no business: database, money, clock, tokens, vault, web, jobs."""
