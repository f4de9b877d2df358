"""What a member wants and may: settings, limits, eligibility."""
