/** What a new task contract does to the jobs that an earlier one made. */
import type { ContractField, ContractTask, TaskContract } from "./contract.ts";
import { type Exchange, missingFields, type RecordFields, typeObstacle } from "./contract-types.ts";
import { chooseIdentifier, withVersion } from "./task-version.ts";

/** breaking: jobs that exist fail or wait for ever, undeclared. notice: a person should know. */
export type FindingSeverity = "breaking" | "notice" | "compatible";

export type FindingKind =
  | "task-removed"
  | "major-lowered"
  | "minor-lowered"
  | "field-removed"
  | "field-required"
  | "field-retyped"
  | "input-form"
  | "major-raised"
  | "default-removed"
  | "schema-unknown"
  | "task-added"
  | "minor-raised"
  | "field-added"
  | "field-renamed"
  | "field-widened";

export interface ContractFinding {
  readonly severity: FindingSeverity;
  readonly kind: FindingKind;
  /** Empty for a finding about tasks that no one of them stands for. */
  readonly task: string;
  /** What has changed. */
  readonly change: string;
  /** What that does to jobs that exist already. */
  readonly effect: string;
}

const severities: Record<FindingKind, FindingSeverity> = {
  "task-removed": "breaking",
  "major-lowered": "breaking",
  "minor-lowered": "breaking",
  "field-removed": "breaking",
  "field-required": "breaking",
  "field-retyped": "breaking",
  "input-form": "breaking",
  // Raising it is how an incompatible change is declared.
  "major-raised": "notice",
  "default-removed": "notice",
  "schema-unknown": "notice",
  "task-added": "compatible",
  "minor-raised": "compatible",
  "field-added": "compatible",
  "field-renamed": "compatible",
  "field-widened": "compatible",
};

/** In these, tasks that were submitted for the earlier contract will not be run by the new one. */
const unclaimed: ReadonlySet<FindingKind> = new Set([
  "task-removed",
  "major-lowered",
  "minor-lowered",
  "major-raised",
]);

/** Whether tasks that wait or have failed are left without anyone who can run them well. */
export function strands({ kind, severity }: ContractFinding): boolean {
  return unclaimed.has(kind) || severity === "breaking";
}

/** Breaking ones first, each kind of severity in the order of the earlier contract's tasks. Pure and total. */
export function compareContracts(before: TaskContract, after: TaskContract): ContractFinding[] {
  const exchange: Exchange = { written: recordsOf(before), read: recordsOf(after) };
  const unknown = new Map<string, string[]>();
  const findings = before.tasks.flatMap((task) => taskFindings(task, after.tasks, exchange, unknown));
  const known = new Set(before.tasks.map(({ name }) => name));
  for (const { name, version } of after.tasks) {
    if (!known.has(name)) findings.push(finding("task-added", name, `${version} is new`, "None has it."));
  }
  findings.push(...[...unknown].map(([why, names]) => unknownFinding(why, names, before.tasks.length)));
  const order: readonly FindingSeverity[] = ["breaking", "notice", "compatible"];
  return order.flatMap((severity) => findings.filter((found) => found.severity === severity));
}

function recordsOf({ records }: TaskContract): RecordFields {
  const fields = new Map(records.map((record) => [record.name, record.fields]));
  return (name) => fields.get(name);
}

function finding(kind: FindingKind, task: string, change: string, effect: string): ContractFinding {
  return { severity: severities[kind], kind, task, change, effect };
}

const listedNames = 5;

function unknownFinding(why: string, names: readonly string[], total: number): ContractFinding {
  const more = names.length > listedNames ? ` and ${names.length - listedNames} more` : "";
  const which = names.length === total ? "" : ` of ${names.slice(0, listedNames).join(", ")}${more}`;
  return finding(
    "schema-unknown",
    names.length === 1 ? (names[0] ?? "") : "",
    `input schemas${which} were not compared: ${why}`,
    "Whether they can still be decoded is not known; names and versions were compared.",
  );
}

function taskFindings(
  task: ContractTask,
  after: readonly ContractTask[],
  exchange: Exchange,
  unknown: Map<string, string[]>,
): ContractFinding[] {
  const { name, version } = task;
  const submitted = withVersion(task);
  const offered = after.filter((candidate) => candidate.name === name);
  const versioned = offered.map(withVersion).filter((candidate) => candidate !== undefined);
  const chosen = submitted && chooseIdentifier(versioned, submitted);
  const successor = offered.find((candidate) => candidate.version === chosen?.version);
  if (successor !== undefined) {
    const findings = inputFindings(task, successor, exchange, unknown);
    if (submitted === undefined || chosen?.minor === submitted.minor) return findings;
    return [...findings, minorRaised(name, version, successor.version)];
  }
  const waiting = `Tasks that were submitted as ${version} are not claimed: their jobs wait until a release that has it is deployed.`;
  if (submitted === undefined || versioned.length === 0) {
    return [finding("task-removed", name, `${version} is gone`, waiting)];
  }
  const sameMajor = versioned.some(({ major }) => major === submitted.major);
  const higher = versioned.some(({ major }) => major > submitted.major);
  const kind = sameMajor ? "minor-lowered" : higher ? "major-raised" : "major-lowered";
  const versions = versioned.map((candidate) => candidate.version).join(", ");
  return [finding(kind, name, `the version was ${version} and is ${versions}`, waiting)];
}

function minorRaised(task: string, before: string, after: string): ContractFinding {
  const effect = `They run. Tasks submitted as ${after} wait on clusters that still have ${before}.`;
  return finding("minor-raised", task, `the version was ${before} and is ${after}`, effect);
}

/**
 * The SDK sends no field as no bytes, one field as its bare value, and several as a JSON object by name.
 * [SDK: serialize_task, deserialize_task]
 */
type InputForm = "nothing" | "bare value" | "object";

function formOf({ length }: readonly ContractField[]): InputForm {
  return length === 0 ? "nothing" : length === 1 ? "bare value" : "object";
}

function inputFindings(
  before: ContractTask,
  after: ContractTask,
  exchange: Exchange,
  unknown: Map<string, string[]>,
): ContractFinding[] {
  const [written, read] = [before.input, after.input];
  const setAside = (why: string) => {
    unknown.set(why, [...(unknown.get(why) ?? []), before.name]);
    return [];
  };
  if (written.kind === "unknown") return setAside(written.why);
  if (read.kind === "unknown") return setAside(read.why);
  const unread = [...written.fields, ...read.fields].find((field) => field.unread !== undefined);
  const findings = fieldFindings(before.name, written.fields, read.fields, exchange);
  if (unread !== undefined) setAside(`the type of the field ${unread.name} is not known: ${unread.unread}`);
  return findings;
}

function fieldFindings(
  task: string,
  written: readonly ContractField[],
  read: readonly ContractField[],
  exchange: Exchange,
): ContractFinding[] {
  const [formBefore, formAfter] = [formOf(written), formOf(read)];
  const [one, other] = [written[0], read[0]];
  if (formBefore === "bare value" && formAfter === "bare value" && one && other) {
    const renamed = one.name === other.name ? [] : [renamedField(task, one.name, other.name)];
    return [...renamed, ...typeFindings(task, { ...one, name: other.name }, other, exchange)];
  }
  const { removed, added } = missingFields(written, read);
  const findings = [
    ...removed.map((field) => removedField(task, field)),
    ...added.filter((field) => field.required).map((field) => requiredField(task, field)),
  ];
  // An input that nobody reads is not in the way.
  if (formBefore !== formAfter && formAfter !== "nothing") {
    findings.push(changedForm(task, formBefore, formAfter));
  } else {
    findings.push(...added.filter((field) => !field.required).map((field) => addedField(task, field)));
  }
  for (const field of written) {
    const after = read.find(({ name }) => name === field.name);
    if (after !== undefined) findings.push(...typeFindings(task, field, after, exchange));
  }
  return findings;
}

function typeFindings(
  task: string,
  before: ContractField,
  after: ContractField,
  exchange: Exchange,
): ContractFinding[] {
  const findings: ContractFinding[] = [];
  if (!before.required && after.required) {
    findings.push(
      finding(
        "default-removed",
        task,
        `the field ${after.name} has no default any more`,
        "They run, since the SDK sends every field; inputs written by hand must have it.",
      ),
    );
  }
  if (before.unread !== undefined || after.unread !== undefined) return findings;
  const obstacle = typeObstacle(before.type, after.type, exchange);
  if (obstacle !== undefined) {
    const effect = "Inputs that were submitted before may not be decoded: their tasks fail.";
    findings.push(finding("field-retyped", task, `the field ${after.name}: ${obstacle}`, effect));
  } else if (before.type !== after.type) {
    const change = `the field ${after.name} was ${before.type} and is ${after.type}`;
    findings.push(finding("field-widened", task, change, "They run."));
  }
  return findings;
}

function removedField(task: string, { name }: ContractField): ContractFinding {
  const effect =
    "Inputs that were submitted before still have it: its value is dropped, or the task fails (SDK before 0.64).";
  return finding("field-removed", task, `the field ${name} is gone`, effect);
}

function requiredField(task: string, { name }: ContractField): ContractFinding {
  const effect = "Inputs that were submitted before do not have it: their tasks fail.";
  return finding("field-required", task, `the field ${name} is new and has no default`, effect);
}

function addedField(task: string, { name, default: value }: ContractField): ContractFinding {
  const standard = value === undefined ? "its default" : value;
  return finding(
    "field-added",
    task,
    `the field ${name} is new and has a default`,
    `They run with ${standard}.`,
  );
}

function renamedField(task: string, before: string, after: string): ContractFinding {
  const effect = "They run: a task's only field is sent without its name.";
  return finding("field-renamed", task, `its only field was ${before} and is ${after}`, effect);
}

function changedForm(task: string, before: InputForm, after: InputForm): ContractFinding {
  return finding(
    "input-form",
    task,
    `its input was sent as ${article(before)} and is read as ${article(after)}`,
    "Inputs that were submitted before cannot be decoded, defaults or not: their tasks fail.",
  );
}

function article(form: InputForm): string {
  return form === "nothing" ? form : form === "object" ? "a JSON object" : "the bare value of its only field";
}
