"""Segments: definitions, value sets and exact membership over time. Pure."""
