"""Microsoft Entra ID for a laptop: publishes a key; `hearthline token` signs tokens with it, for any role."""
