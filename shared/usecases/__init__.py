"""Load, decide, commit, drain: the shell around the pure core."""
