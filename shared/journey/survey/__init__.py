"""Surveys: FHIR Questionnaires read, asked question by question or on a page, answered and scored; pure."""
