// node tests/differential/bench_cql.js FOLDER [--as-of INSTANT]: how fast the CQL engine answers one five-clause cohort.
// Prints {"evaluations_per_second", "evaluations", "seconds", "patients", "members"}; reading, translating, wrapping
// and a first pass come before the clock starts.
"use strict";

const { Loaded, bundles, executors, loader, main, options, translate } = require("./engine.js");

const COHORT = "five-clauses";
const SECONDS = 3;

main(async () => {
  const { folder, now } = options();
  const executor = executors(await translate()).get("Bench");
  const loaded = [...bundles(folder).values()].map(loader());
  const pass = () => executor.exec_expression(COHORT, new Loaded(loaded), now);
  const { patientResults } = await pass();
  const members = Object.values(patientResults).filter((result) => result[COHORT] === true).length;
  const began = performance.now();
  let evaluations = 0;
  for (; performance.now() - began < SECONDS * 1000; evaluations += loaded.length) await pass();
  const seconds = (performance.now() - began) / 1000;
  const figures = { evaluations, seconds, patients: loaded.length, members };
  console.log(JSON.stringify({ evaluations_per_second: evaluations / seconds, ...figures }));
});
