"""Terraform provider process; speaks HTTP through client only."""
