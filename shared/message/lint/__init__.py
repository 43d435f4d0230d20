"""Lint: what is wrong with a template's words although it can be sent; asked before it is published."""
