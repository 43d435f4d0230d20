"""Permission: what people said of being written to, by us and by FHIR Consent, put together. Pure."""
