"""Long work that somebody starts by the admin API: written down, done from the queue, followed, cancelled."""
