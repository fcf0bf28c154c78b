"""Card money: the gateway, fundings, webhooks, refunds. Everything that settles ends in one function."""
