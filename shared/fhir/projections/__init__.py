"""How each resource type becomes a fact: one file per family, called from the table in shared.fhir.project.

Whatever an element holds that it should not is left out; nothing here raises. The table below says what
`start`, `end` and `codes` of a fact mean; a test holds it to the types that are kept.

| type                  | patients                | start                       | end                      | codes                     |
|-----------------------|-------------------------|-----------------------------|--------------------------|---------------------------|
| AllergyIntolerance    | patient                 | onset                       | none                     | code                      |
| Appointment           | participants            | start                       | end, or minutesDuration  | serviceType               |
| CarePlan              | subject                 | period                      | period                   | category                  |
| Communication         | subject, else recipient | sent, else received         | the same                 | category, topic           |
| Condition             | subject                 | onset                       | abatement                | code                      |
| Consent               | patient                 | provision.period, dateTime  | provision.period         | category, scope           |
| Coverage              | beneficiary             | period                      | period                   | type                      |
| Encounter             | subject                 | period                      | period                   | type                      |
| EpisodeOfCare         | patient                 | period                      | period                   | type                      |
| Immunization          | patient                 | occurrence                  | occurrence               | vaccineCode               |
| Location              | nobody: it is shared    | none                        | none                     | type                      |
| MedicationRequest     | subject                 | authoredOn                  | dispense validity period | medication                |
| Observation           | subject                 | effective                   | effective                | code                      |
| Patient               | itself                  |                             |                          |                           |
| Procedure             | subject                 | performed                   | performed                | code                      |
| QuestionnaireResponse | subject, else source    | authored                    | authored                 | questionnaire             |
| RelatedPerson         | patient                 | period                      | period                   | relationship              |
| ServiceRequest        | subject                 | occurrence, else authoredOn | occurrence               | code                      |

An interval is [start, end], both of it. A date covers its whole day, so a date of an event gives both ends; an exact
instant gives the same instant twice. What goes on (a condition, a prescription) has no end until one is told.
The patient is the one whom the resource is about: a mother who observed is not given her child's result.
"""  # noqa: E501 - a table reads best unbroken
