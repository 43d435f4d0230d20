"""Segments for people who work with them: what one would hold, whom it holds, why, and as a FHIR Group."""
