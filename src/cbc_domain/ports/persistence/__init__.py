"""What is kept, and the unit of work that changes it: one Protocol for each question the business asks."""
