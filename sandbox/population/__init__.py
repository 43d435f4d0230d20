"""Populations for the local stack: one that we make up, any that lies in a folder, and loading either."""
