"""The outside world's data: notifications, references, instants and the projection to facts. Pure."""
