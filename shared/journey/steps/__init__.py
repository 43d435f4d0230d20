"""The steps of a journey, one file each. Pure."""
