"""Understanding: what a patient's reply means, in the languages shipped. Pure."""
