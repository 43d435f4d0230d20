"""Who may do what by the admin API: roles, operations, and the one table that joins them. Pure."""
