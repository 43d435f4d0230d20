"""The service centre's conversations and assignments. Pure."""
