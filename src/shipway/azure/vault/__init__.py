"""Key vaults: what becomes of deleted ones, and the secrets in them."""
