"""The data plane of key vaults: routes and shapes."""
