"""An administrator's customers: the list, one customer, and the acts that move them on."""
