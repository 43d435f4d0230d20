"""The wire formats of notifications, one file each: bytes told apart by content become a Notification."""
