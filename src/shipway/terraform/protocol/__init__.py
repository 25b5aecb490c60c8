"""Terraform's plugin protocol 6: protobuf, cty values and the plugin's process, by table."""
