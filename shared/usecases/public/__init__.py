"""What people do behind links in their messages: follow, choose, unsubscribe. The link is the login."""
