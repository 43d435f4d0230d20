"""Azure Event Grid's part on a laptop: every change on the FHIR server becomes an event and is delivered."""
