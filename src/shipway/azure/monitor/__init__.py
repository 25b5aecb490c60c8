"""Azure Monitor: alert rules and whom they tell."""
