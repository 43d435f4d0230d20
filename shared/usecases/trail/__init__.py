"""The audit trail: list it, prove it whole, write down how it stands, tell the FHIR server of it."""
