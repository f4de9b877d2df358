"""What the club earns from a settled profit, and the affiliate's part of it."""
