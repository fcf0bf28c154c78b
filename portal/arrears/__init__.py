"""What happens when credit runs out: notices, days of grace, suspension, and the way back when it is paid."""
