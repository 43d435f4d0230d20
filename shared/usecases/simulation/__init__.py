"""The dry run of journeys: the real decide over real people on a virtual clock; nothing is written or sent.

assumptions → stage → life (one patient) → company (many, with gates) → report; run spreads it over processes.
"""
