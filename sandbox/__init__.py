"""Everything a laptop needs in place of Azure."""
