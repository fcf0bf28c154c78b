"""What is sold: plans with their wholesale and retail prices."""
