"""Azure Resource Manager: resource ids, groups, operations, role assignments."""
