"""The parts of shared.decide: what an event means for segments, journeys, messages and the outbox. Pure."""
