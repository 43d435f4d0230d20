"""What patients write back: whose answer it is, to which question, and who is asked where nobody knows."""
