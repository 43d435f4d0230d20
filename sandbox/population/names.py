"""Names of the generated population, by language and gender."""

from __future__ import annotations

GIVEN: dict[tuple[str, str], tuple[str, ...]] = {
    ("en", "female"): (
        "Ada",
        "Beth",
        "Carol",
        "Dorothy",
        "Ellen",
        "Grace",
        "Hannah",
        "June",
        "Karen",
        "Ruth",
    ),
    ("en", "male"): ("Adam", "Brian", "Carl", "David", "Frank", "George", "Henry", "Isaac", "Kevin", "Owen"),
    ("es", "female"): (
        "Ana",
        "Beatriz",
        "Carmen",
        "Elena",
        "Isabel",
        "Lucía",
        "Marta",
        "Pilar",
        "Rosa",
        "Teresa",
    ),
    ("es", "male"): (
        "Andrés",
        "Carlos",
        "Diego",
        "Felipe",
        "Hugo",
        "Javier",
        "Luis",
        "Mateo",
        "Pablo",
        "Raúl",
    ),
}
FAMILY: dict[str, tuple[str, ...]] = {
    "en": (
        "Abbott",
        "Baker",
        "Carter",
        "Doyle",
        "Ellis",
        "Foster",
        "Grant",
        "Hayes",
        "Keller",
        "Mercer",
        "Nolan",
    ),
    "es": ("Álvarez", "Castro", "Díaz", "Flores", "Gómez", "Herrera", "Molina", "Navarro", "Ortega", "Peña"),
}
