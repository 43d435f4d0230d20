"""What staff do with journeys by the admin API: see, switch and play them, move those who are inside."""
