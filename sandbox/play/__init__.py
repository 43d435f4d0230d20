"""Hospital days in virtual time, played through the FHIR server: what `hearthline run` shows and checks."""
