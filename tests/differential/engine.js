// The independent engine: CQL translated by @cqframework/cql, evaluated by cql-execution over FHIR by cql-exec-fhir.
// run_cql.js and bench_cql.js call it; nothing that it makes is kept.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const zlib = require("node:zlib");
const cql = require("cql-execution");
const fhir = require("cql-exec-fhir");
const { UcumLhcUtils } = require("@lhncbc/ucum-lhc");

const CQL = path.join(__dirname, "cql");
const MODEL = require.resolve("cql-exec-fhir").replace(/index\.js$/, "modelInfos/fhir-modelinfo-4.0.1.xml");
const PATIENT_OF = { Immunization: "patient" }; // where it is not `subject`
const CODE_OF = ["code", "vaccineCode"]; // the elements that an index of a patient's resources is made by
const TYPES = [
  "Patient", "Condition", "Encounter", "Immunization", "MedicationRequest", "Observation", "Procedure",
];

/** Translate every library of the folder; throws with all messages where one has an error. */
async function translate() {
  const elm = await import("@cqframework/cql/cql-to-elm");
  const { SystemModelInfoProvider } = await import("@cqframework/cql/cql");
  const sources = new Map(
    fs.readdirSync(CQL).map((file) => [path.basename(file, ".cql"), fs.readFileSync(path.join(CQL, file), "utf8")]),
  );
  const found = (name) => (sources.has(name) ? elm.stringAsSource(sources.get(name)) : null);
  const models = new elm.ModelManager();
  const model = (name) => (name === "FHIR" ? elm.stringAsSource(fs.readFileSync(MODEL, "utf8")) : null);
  models.modelInfoLoader.registerModelInfoProvider(new SystemModelInfoProvider());
  models.modelInfoLoader.registerModelInfoProvider(elm.createModelInfoProvider(model));
  const { DisableListDemotion, DisableListPromotion } = elm.CqlCompilerOptions.Options;
  const options = elm.CqlCompilerOptions.defaultOptions();
  options.setOptions([DisableListDemotion, DisableListPromotion]);
  const libraries = new elm.LibraryManager(models, options, undefined, ucum(elm));
  libraries.librarySourceLoader.registerProvider(elm.createLibrarySourceProvider(found));
  return quietly(() => [...sources].map(([name, text]) => translated(elm.CqlTranslator.fromText(text, libraries), name)));
}

/** The translator's logger greets on stdout, where a program's JSON goes. */
function quietly(work) {
  const write = process.stdout.write;
  process.stdout.write = () => true;
  try {
    return work();
  } finally {
    process.stdout.write = write;
  }
}

function translated(translator, name) {
  const elm = JSON.parse(translator.toJson());
  const errors = (elm.library.annotation ?? []).filter((note) => note.errorSeverity === "error");
  if (errors.length > 0) {
    const lines = errors.map((e) => `${e.libraryId ?? name}.cql:${e.startLine}:${e.startChar}: ${e.message}`);
    throw new Error(lines.join("\n"));
  }
  return elm;
}

/** The translator checks units; it converts none for us, as the cohorts hold no arithmetic on literals. */
function ucum(elm) {
  const utils = UcumLhcUtils.getInstance();
  const refuse = () => {
    throw new Error("unit arithmetic is not for the translator");
  };
  const validate = (unit) => {
    const checked = utils.validateUnitString(unit);
    return checked.status === "valid" ? null : checked.msg.join("; ");
  };
  return elm.createUcumService(refuse, validate, refuse, refuse);
}

/** Make executors by library name. */
function executors(elms) {
  const repository = new cql.Repository(elms);
  const executor = ({ id, version }) => new cql.Executor(repository.resolve(id, version), new cql.CodeService({}));
  return new Map(elms.map(({ library }) => [library.identifier.id, executor(library.identifier)]));
}

function* resources(folder, type) {
  const file = path.join(folder, `${type}.ndjson.gz`);
  const text = zlib.gunzipSync(fs.readFileSync(file)).toString("utf8");
  for (const line of text.split("\n")) if (line) yield JSON.parse(line);
}

/** Read a folder of NDJSON.gz into one collection Bundle a patient, by id, with the types that the cohorts ask for. */
function bundles(folder) {
  const people = new Map();
  for (const type of TYPES) {
    for (const resource of resources(folder, type)) {
      const reference = resource[PATIENT_OF[type] ?? "subject"]?.reference;
      const id = type === "Patient" ? resource.id : reference.replace("Patient/", "");
      if (type === "Patient") people.set(id, { resourceType: "Bundle", type: "collection", entry: [] });
      people.get(id)?.entry.push({ resource });
    }
  }
  return people;
}

/** Return what makes a patient of cql-exec-fhir from a Bundle; each resource is wrapped once, and found by its code. */
function loader() {
  const source = fhir.PatientSource.FHIRv401();
  const wrapper = fhir.FHIRWrapper.FHIRv401();
  return (bundle) => {
    source.reset();
    source.loadBundles([bundle]);
    return indexed(source.currentPatient(), bundle, wrapper);
  };
}

/** Answer retrieves from an index: the plain source wraps and reads a whole bundle for each of them. */
function indexed(patient, bundle, wrapper) {
  const groups = new Map();
  for (const { resource } of bundle.entry) {
    if (resource.resourceType === "Patient") continue;
    const one = wrapper.wrap(resource);
    for (const key of keys(resource)) groups.has(key) ? groups.get(key).push(one) : groups.set(key, [one]);
  }
  const found = patient.findRecords.bind(patient);
  patient.findRecords = (profile, details) => {
    const type = details.datatype.replace("{http://hl7.org/fhir}", "");
    return type === "Patient" ? found(profile, details) : (groups.get(asked(type, details)) ?? []);
  };
  return patient;
}

function keys(resource) {
  const type = resource.resourceType;
  const codings = CODE_OF.flatMap((property) => resource[property]?.coding ?? []);
  return new Set([type, ...codings.map(({ system, code }) => `${type} ${system}|${code}`)]);
}

/** One code is looked up; for anything else the engine goes through all of the type. */
function asked(type, { codes, codeProperty }) {
  const [one, another] = codes ?? [];
  const known = one && !another && CODE_OF.includes(codeProperty);
  return known ? `${type} ${one.system}|${one.code}` : type;
}

/** A patient source over patients that are loaded already. */
class Loaded {
  constructor(list) {
    this.list = list;
    this.index = 0;
  }
  currentPatient() {
    return this.list[this.index];
  }
  nextPatient() {
    this.index += 1;
    return this.currentPatient();
  }
}

/** Read an instant such as 2021-04-01T00:00:00Z: what Now() answers, its offset the time zone of days. */
function instant(text) {
  const parsed = cql.DateTime.parse(text.replace(/Z$/, "+00:00"));
  if (!parsed || parsed.timezoneOffset == null || parsed.second == null) {
    throw new Error(`--as-of ${text}: expected an instant with an offset, such as 2021-04-01T00:00:00Z`);
  }
  return parsed;
}

/** Read `FOLDER [--as-of INSTANT] [--seconds NUMBER]` from the command line. */
function options(defaults = { asOf: "2021-04-01T00:00:00Z", seconds: "5" }) {
  const { parseArgs } = require("node:util");
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      "as-of": { type: "string", default: defaults.asOf },
      seconds: { type: "string", default: defaults.seconds },
    },
  });
  const [folder] = positionals;
  if (!folder || !fs.existsSync(path.join(folder, "Patient.ndjson.gz"))) {
    throw new Error(`${folder ?? "no folder given"}: expected a folder with Patient.ndjson.gz and other types`);
  }
  return { folder, now: instant(values["as-of"]), seconds: Number(values.seconds) };
}

/** Run a program; an error is one message on stderr and exit status 1. */
function main(program) {
  program().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}

module.exports = { Loaded, bundles, executors, loader, main, options, translate };
