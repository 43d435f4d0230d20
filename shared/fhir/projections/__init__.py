"""How each resource type becomes a fact: one file per family, called from the table in shared.fhir.kept.

Whatever an element holds that it should not is left out; nothing here raises. The table below says what
`start`, `end` and `codes` of a fact mean; a test holds it to the types that are kept.

| type                     | patients                | start                        | end                      | codes                      |
|--------------------------|-------------------------|------------------------------|--------------------------|----------------------------|
| AdverseEvent             | subject                 | date, else recordedDate      | the same                 | event                      |
| AllergyIntolerance       | patient                 | onset                        | none                     | code                       |
| Appointment              | participants            | start                        | end, or minutesDuration  | serviceType                |
| CarePlan                 | subject                 | period                       | period                   | category                   |
| Communication            | subject, else recipient | sent, received, recorded     | the same                 | category, topic            |
| Condition                | subject                 | onset                        | abatement; onset if over | code                       |
| Consent                  | patient                 | provision.period, dateTime   | provision.period         | category, scope            |
| Coverage                 | beneficiary             | period                       | period                   | type                       |
| DeviceRequest            | subject                 | occurrence, else authoredOn  | occurrence               | code                       |
| DeviceUseStatement       | subject                 | timing                       | timing                   | type of a contained device |
| DiagnosticReport         | subject                 | effective, else issued       | the same                 | code                       |
| Encounter                | subject                 | period                       | period                   | type                       |
| EpisodeOfCare            | patient                 | period                       | period                   | type                       |
| FamilyMemberHistory      | patient                 | date                         | date                     | condition.code             |
| Flag                     | subject                 | period                       | period                   | code                       |
| Goal                     | subject                 | startDate                    | last target.dueDate      | description                |
| Immunization             | patient                 | occurrence                   | occurrence               | vaccineCode                |
| Location                 | nobody: it is shared    | none                         | none                     | type                       |
| Medication               | nobody: it is shared    | none                         | none                     | code                       |
| MedicationAdministration | subject                 | effective                    | effective                | medication                 |
| MedicationDispense       | subject                 | whenHandedOver, whenPrepared | after its days of supply | medication                 |
| MedicationRequest        | subject                 | dosage bounds, authoredOn    | supply, bounds, validity | medication                 |
| MedicationStatement      | subject                 | effective                    | effective                | medication                 |
| Observation              | subject                 | effective, else issued       | the same                 | code                       |
| Patient                  | itself                  |                              |                          |                            |
| Procedure                | subject                 | performed, else recorded     | the same                 | code                       |
| QuestionnaireResponse    | subject, else source    | authored                     | authored                 | questionnaire              |
| RelatedPerson            | patient                 | period                       | period                   | relationship               |
| ServiceRequest           | subject                 | occurrence, else authoredOn  | occurrence               | code                       |
| Task                     | for                     | executionPeriod, authoredOn  | executionPeriod          | code                       |

An interval is [start, end], both of it. A date covers its whole day, so a date of an event gives both ends; an exact
instant gives the same instant twice. What goes on (a condition, a prescription) has no end until one is told.
Conditions follow prevalenceInterval() of QICoreCommon (condition.py), prescriptions and dispenses the library
CumulativeMedicationDuration (supply.py). A medication that is only referred to has its codes in a fact of its own,
where Facts.codes_of finds them.
The patient is the one whom the resource is about: a mother who observed is not given her child's result.
"""  # noqa: E501 - a table reads best unbroken
