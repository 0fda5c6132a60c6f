"""What a scenario works with: targets, exchanges, checks and the world that the steps call."""
