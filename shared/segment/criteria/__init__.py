"""The criteria of the segment language, one family a file: the words, their meaning, their explanation."""
