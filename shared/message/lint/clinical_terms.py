"""Words that tell what somebody suffers from, is tested for or takes: beginnings of words, without accents.

A word that ends in "$" is whole. Not exhaustive: made to catch slips, not intent. What says only that one is
a patient (appointment, check-up, vaccination, medicines) is not among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_EN = """
a1c$, abortion, addict, alcohol, alzheimer, anticoagula, antidepress, anxiety, asthma, atorvastatin,
biops, bipolar, birth control, blood pressure, blood sugar, breast, buprenorphin, cancer, cervical,
chemother, chlamydia, cholesterol, colon$, colonoscop, colorectal, contracept, copd$, covid test,
dement, depress, diabet, diagnos, dialysis, dialyz, epilep, estradiol, fertility, fluoxetin, glucos,
gonorrh, hba1c$, heart attack, heart disease, heart failure, hepatitis, herpes, hiv$, hospice, hpv$,
hypertens, insulin, ivf$, kidney, lab result, leukemia, lisinopril, lupus, mammogra, melanoma,
menopaus, mental health, metformin, methadon, miscarriage, multiple sclerosis, naloxon, obes,
obstetr, oncolog, opioid, osteopor, overdos, palliative, pap smear, pap test, parkinson, pregnan,
prenatal, prostat, psychiatr, psychos, psychother, radiation therap, rehab, schizophren, sertralin,
sexually, sildenafil, statin$, statins$, std$, sti$, stroke$, substance use, suicid, syphilis,
test result, testosteron, transplant, tubercul, tumor, tumour, ultrasound, warfarin, whooping cough
"""
_ES = """
a1c$, aborto, adiccion, alcohol, alzheimer, ansiedad, anticoncep, antidepres, asma$, azucar en,
biops, cancer, citolog, clamidia, colesterol, colon$, colonoscop, colorrectal, convuls, demencia,
depresi, derrame cerebral, diabet, diagnost, dialisis, ecograf, embaraz, enfermedad renal, epilep,
epoc$, esquizofren, ets$, fertilidad, gestaci, glucosa, gonorrea, hba1c$, hemoglobina glic,
hepatitis, herpes, hipertens, infarto, insuficiencia, insulin, mama$, mamograf, mastograf, melanoma,
menopaus, metadona, metformina, obesidad, obstetr, oncolog, opioid, osteopor, paliativ,
papanicolaou, parkinson, prenatal, presion$, prostat, psicoter, psiquiatr, quimioter, radioter,
resultado de, resultados de, rinon, salud mental, seno$, sida$, sifilis, sobredosis, suicid,
tosferina, trasplant, tubercul, tumor, ultrasonido, vih$, warfarina
"""
_DE = """
abtreib, aids$, alkohol, alzheimer, angststor, antidepress, asthma, befund, biops, blutdruck,
blutzucker, brustkrebs, chemother, chlamydi, cholesterin, copd$, darmkrebs, darmspiegel, demenz,
depress, diabet, diagnos, dialys, epilep, fehlgeburt, frauenarzt, gebarmutter, gonorrh, hepatitis,
herpes, herzinfarkt, herzschwach, hiv$, hospiz, hyperton, insulin, keuchhusten, koloskop, krebs,
laborwert, mammograf, mammograph, melanom, metformin, methadon, multiple sklerose, nieren, onkolog,
opioid, palliativ, parkinson, prostat, psychiatr, psychos, psychother, schizophren, schlaganfall,
schwanger, seelische, sterbe, strahlenther, suchtberat, suizid, syphilis, transplant, tubercul,
tuberkul, tumor, ultraschall, verhutung, warfarin, zuckerkrank
"""


def _listed(text: str) -> tuple[str, ...]:
    return tuple(" ".join(word.split()) for word in text.split(","))


TERMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"en": _listed(_EN), "es": _listed(_ES), "de": _listed(_DE)}
)
"""By language. A text in another language is held to all of them."""
