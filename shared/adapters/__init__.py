"""The outside systems behind the ports: tables, queues, FHIR, channels, clocks, memory."""
