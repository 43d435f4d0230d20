"""Entry points: one file per trigger family, each decodes, calls one use case and encodes."""
