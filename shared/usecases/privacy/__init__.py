"""What people may ask for of what is held of them: to see it all, and to be forgotten."""
