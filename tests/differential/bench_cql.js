// node tests/differential/bench_cql.js FOLDER [--as-of INSTANT] [--seconds NUMBER]: how fast the CQL engine answers one
// five-clause cohort, so long warmed up and then measured.
// Prints {"evaluations_per_second", "evaluations", "seconds", "cpu_seconds", "patients", "members"}; `members` are ids.
// Reading, translating, wrapping and passes that let the compiler warm up come before the clock starts. The rate is
// by elapsed time or by CPU time of all threads, whichever is the better one: other processes must not slow it.
"use strict";

const { Loaded, bundles, executors, loader, main, options, translate } = require("./engine.js");

const COHORT = "five-clauses";

main(async () => {
  const { folder, now, seconds: wanted } = options();
  const executor = executors(await translate()).get("Bench");
  const loaded = [...bundles(folder).values()].map(loader());
  const pass = () => executor.exec_expression(COHORT, new Loaded(loaded), now);
  const { patientResults } = await pass();
  const members = Object.keys(patientResults).filter((id) => patientResults[id][COHORT] === true);
  await during(wanted, pass);
  const { passes, seconds, cpu } = await during(wanted, pass);
  const evaluations = passes * loaded.length;
  const figures = { evaluations, seconds, cpu_seconds: cpu, patients: loaded.length, members };
  console.log(JSON.stringify({ evaluations_per_second: evaluations / Math.min(seconds, cpu), ...figures }));
});

async function during(wanted, pass) {
  const began = performance.now();
  const used = process.cpuUsage();
  let passes = 0;
  let seconds = 0;
  do {
    await pass();
    passes += 1;
    seconds = (performance.now() - began) / 1000;
  } while (seconds < wanted);
  const { user, system } = process.cpuUsage(used);
  return { passes, seconds, cpu: (user + system) / 1e6 };
}
