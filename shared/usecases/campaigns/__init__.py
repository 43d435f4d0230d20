"""Campaigns: what staff do with them, their runs, what a preview foresees and what came of them."""
