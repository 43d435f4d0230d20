"""Journeys: definitions, enrolments and how they advance. Pure."""
