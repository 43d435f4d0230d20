"""What journeys write and say outside: pure builders of FHIR JSON and of what webhooks are told."""
