"""What `shipway seed` makes: what a team's Terraform would make, by the same REST calls."""
