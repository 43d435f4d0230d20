"""What staff see of one patient, and do for one: found on the FHIR server, named by an opaque key."""
