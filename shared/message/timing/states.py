"""States: the time zones of the states of countries that have several, by the code or the name of the state.

Split states have all their zones, as an address does not say which side of the line it is on. Sources:
49 CFR part 71 (https://www.ecfr.gov/current/title-49/part-71) for the United States, with the Navajo Nation
in Arizona; the comments of zone.tab in tzdata (https://www.iana.org/time-zones) for the others; the codes are
those of ISO 3166-2.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

_AMERICA = {"Eastern": "New_York", "Central": "Chicago", "Mountain": "Denver", "Pacific": "Los_Angeles"}

_US = """
AL Alabama: Central
AK Alaska: Anchorage Adak
AZ Arizona: Phoenix Mountain
AR Arkansas: Central
CA California: Pacific
CO Colorado: Mountain
CT Connecticut: Eastern
DE Delaware: Eastern
DC District of Columbia/Washington DC: Eastern
FL Florida: Eastern Central
GA Georgia: Eastern
HI Hawaii: Pacific/Honolulu
ID Idaho: Boise Pacific
IL Illinois: Central
IN Indiana: Indiana/Indianapolis Central
IA Iowa: Central
KS Kansas: Central Mountain
KY Kentucky: Eastern Central
LA Louisiana: Central
ME Maine: Eastern
MD Maryland: Eastern
MA Massachusetts: Eastern
MI Michigan: Detroit Menominee
MN Minnesota: Central
MS Mississippi: Central
MO Missouri: Central
MT Montana: Mountain
NE Nebraska: Central Mountain
NV Nevada: Pacific Mountain
NH New Hampshire: Eastern
NJ New Jersey: Eastern
NM New Mexico: Mountain
NY New York: Eastern
NC North Carolina: Eastern
ND North Dakota: Central Mountain
OH Ohio: Eastern
OK Oklahoma: Central
OR Oregon: Pacific Boise
PA Pennsylvania: Eastern
RI Rhode Island: Eastern
SC South Carolina: Eastern
SD South Dakota: Central Mountain
TN Tennessee: Eastern Central
TX Texas: Central Mountain
UT Utah: Mountain
VT Vermont: Eastern
VA Virginia: Eastern
WA Washington: Pacific
WV West Virginia: Eastern
WI Wisconsin: Central
WY Wyoming: Mountain
AS American Samoa: Pacific/Pago_Pago
GU Guam: Pacific/Guam
MP Northern Mariana Islands: Pacific/Guam
PR Puerto Rico: Puerto_Rico
VI Virgin Islands/US Virgin Islands: Puerto_Rico
"""
_CA = """
AB Alberta: Edmonton
BC British Columbia: Vancouver Dawson_Creek Fort_Nelson Creston Edmonton
MB Manitoba: Winnipeg
NB New Brunswick: Moncton
NL Newfoundland and Labrador/Newfoundland: St_Johns Goose_Bay
NS Nova Scotia: Halifax
NT Northwest Territories: Edmonton Inuvik
NU Nunavut: Iqaluit Resolute Rankin_Inlet Cambridge_Bay Atikokan
ON Ontario: Toronto Winnipeg Atikokan
PE Prince Edward Island: Halifax
QC Quebec: Toronto Blanc-Sablon Halifax
SK Saskatchewan: Regina Swift_Current Edmonton
YT Yukon/Yukon Territory: Whitehorse Dawson
"""
_AU = """
ACT Australian Capital Territory: Australia/Sydney
NSW New South Wales: Australia/Sydney Australia/Broken_Hill Australia/Lord_Howe
NT Northern Territory: Australia/Darwin
QLD Queensland: Australia/Brisbane Australia/Lindeman
SA South Australia: Australia/Adelaide
TAS Tasmania: Australia/Hobart Antarctica/Macquarie
VIC Victoria: Australia/Melbourne
WA Western Australia: Australia/Perth Australia/Eucla
"""
_MX = """
AGU Aguascalientes: Mexico_City
BCN Baja California: Tijuana
BCS Baja California Sur: Mazatlan
CAM Campeche: Merida
CHP Chiapas: Mexico_City
CHH Chihuahua: Chihuahua Ciudad_Juarez Ojinaga
COA Coahuila/Coahuila de Zaragoza: Monterrey Matamoros
COL Colima: Mexico_City
CMX Ciudad de Mexico/CDMX/Distrito Federal: Mexico_City
DUR Durango: Monterrey
GUA Guanajuato: Mexico_City
GRO Guerrero: Mexico_City
HID Hidalgo: Mexico_City
JAL Jalisco: Mexico_City
MEX Mexico/Estado de Mexico: Mexico_City
MIC Michoacan/Michoacan de Ocampo: Mexico_City
MOR Morelos: Mexico_City
NAY Nayarit: Mazatlan Bahia_Banderas
NLE Nuevo Leon: Monterrey Matamoros
OAX Oaxaca: Mexico_City
PUE Puebla: Mexico_City
QUE Queretaro: Mexico_City
ROO Quintana Roo: Cancun
SLP San Luis Potosi: Mexico_City
SIN Sinaloa: Mazatlan
SON Sonora: Hermosillo
TAB Tabasco: Mexico_City
TAM Tamaulipas: Monterrey Matamoros
TLA Tlaxcala: Mexico_City
VER Veracruz/Veracruz de Ignacio de la Llave: Mexico_City
YUC Yucatan: Merida
ZAC Zacatecas: Mexico_City
"""
_BR = """
AC Acre: Rio_Branco
AL Alagoas: Maceio
AP Amapa: Belem
AM Amazonas: Manaus Eirunepe
BA Bahia: Bahia
CE Ceara: Fortaleza
DF Distrito Federal: Sao_Paulo
ES Espirito Santo: Sao_Paulo
GO Goias: Sao_Paulo
MA Maranhao: Fortaleza
MT Mato Grosso: Cuiaba
MS Mato Grosso do Sul: Campo_Grande
MG Minas Gerais: Sao_Paulo
PA Para: Belem Santarem
PB Paraiba: Fortaleza
PR Parana: Sao_Paulo
PE Pernambuco: Recife Noronha
PI Piaui: Fortaleza
RJ Rio de Janeiro: Sao_Paulo
RN Rio Grande do Norte: Fortaleza
RS Rio Grande do Sul: Sao_Paulo
RO Rondonia: Porto_Velho
RR Roraima: Boa_Vista
SC Santa Catarina: Sao_Paulo
SP Sao Paulo: Sao_Paulo
SE Sergipe: Maceio
TO Tocantins: Araguaina
"""
_TABLES = {"US": _US, "CA": _CA, "AU": _AU, "MX": _MX, "BR": _BR}


@lru_cache(maxsize=4096)
def state_code(country: str, text: str) -> str:
    """Return the code of a state written as a code ("FL", "US-FL") or a name; "" where it is not known.

    For countries without a table here it is the text itself, folded, so that the same text is the same state.
    """
    folded = fold(text).removeprefix(f"{country.casefold()}-")
    return _spellings(country).get(folded, "") if country in _TABLES else folded.upper()


def zones_of_state(country: str, code: str) -> tuple[str, ...]:
    """Return the time zones of a state by its code; () where no table has it."""
    return states(country).get(code, ((), ()))[1]


@cache
def states(country: str) -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the states of a country, by code: what they are called, without accents, and the zones."""
    rows = (line.partition(":") for line in _TABLES.get(country, "").strip().splitlines())
    named = ((head.partition(" "), zones.split()) for head, _, zones in rows)
    return {code: (tuple(names.split("/")), tuple(map(_zone, zones))) for (code, _, names), zones in named}


def _zone(short: str) -> str:
    """Write a zone of the tables out; nearly all are in America."""
    place = _AMERICA.get(short, short)
    return place if place.startswith(("Pacific/", "Australia/", "Antarctica/")) else f"America/{place}"


@cache
def _spellings(country: str) -> Mapping[str, str]:
    found = states(country)
    names = {fold(name): code for code, (names, _) in found.items() for name in names}
    return names | {fold(code): code for code in found}


def fold(text: str) -> str:
    """Return a name without accents, dots, commas, case and needless spaces."""
    plain = unicodedata.normalize("NFKD", text.replace(".", "").replace(",", " "))
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).casefold().split())
