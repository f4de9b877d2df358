"""Plans: what a membership costs, allows and is called."""
