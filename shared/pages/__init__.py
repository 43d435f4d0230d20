"""The words and HTML of the pages behind links in messages: pure, from data to text."""
