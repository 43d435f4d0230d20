"""Templates before they are published: handed in, and approved or rejected by somebody else."""
