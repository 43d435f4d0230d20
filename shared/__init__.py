"""Hearthline's core and shell: pure packages below, ports and adapters above."""
