"""What templates hold by channel, and what is made of it: HTML, plain text, calendar files, sizes."""
