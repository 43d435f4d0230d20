"""Sources of notifications that staff configure by the admin API, beside those of the settings."""
