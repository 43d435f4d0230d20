"""The same definitions as SQL: who of a whole population is in a segment at one instant."""
