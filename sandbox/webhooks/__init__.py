"""The other end of webhooks, for a laptop: takes what journeys tell, checks it, shows it, and can fail."""
