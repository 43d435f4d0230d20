"""Messages: templates, consent, policy and delivery states. Pure."""
