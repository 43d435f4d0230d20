// node tests/differential/run_cql.js FOLDER [--as-of INSTANT]: evaluate every cohort of cql/ on the patients of a folder.
// Prints one JSON object: cohort → sorted patient ids. Cohorts are the definitions named in lower case with hyphens.
"use strict";

const { Loaded, bundles, executors, loader, main, options, translate } = require("./engine.js");

const COHORT = /^[a-z0-9]+(-[a-z0-9]+)+$/;

function cohorts(executor) {
  return Object.keys(executor.library.expressions).filter((name) => COHORT.test(name));
}

/** Evaluate all libraries on one patient; returns the names of the cohorts that hold. */
async function held(libraries, patient, now) {
  const names = [];
  for (const executor of libraries) {
    const { patientResults } = await executor.exec_patient_context(new Loaded([patient]), now);
    const [result] = Object.values(patientResults);
    names.push(...cohorts(executor).filter((name) => result[name] === true));
  }
  return names;
}

main(async () => {
  const { folder, now } = options();
  const libraries = [...executors(await translate()).values()];
  const answers = Object.fromEntries(libraries.flatMap(cohorts).sort().map((name) => [name, []]));
  const load = loader();
  const people = bundles(folder);
  for (const id of [...people.keys()].sort()) {
    for (const name of await held(libraries, load(people.get(id)), now)) answers[name].push(id);
    people.delete(id); // one patient at a time: the engine's wrappers are many times the size of the JSON
  }
  console.log(JSON.stringify(answers));
});
