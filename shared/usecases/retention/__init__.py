"""What is too old to be kept goes, kind by kind, a bounded part of it at a time."""
