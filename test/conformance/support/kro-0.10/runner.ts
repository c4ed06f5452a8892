import type { TopicResult } from '../report.ts';
import { type CaseOutcome, type KroCase, failed, readCases } from './cases.ts';
import { runCompileCase, runPurityCase, runRawPayloadCase } from './compile-cases.ts';
import { runCrdCase } from './crd-cases.ts';
import { KRO_0_10_DEVIATIONS } from './deviations.ts';
import { runHashCase } from './hash-cases.ts';
import { runLabelCase } from './label-cases.ts';
import { runAccountNameCase, runForEachShapeCase, runNodeIdCase, runObjectCase, runPayloadCase, runScanCase } from './shape-cases.ts';
import { runGraphCase } from './run-cases.ts';
import { IMPERSONATION_RULES, REQUEUE_RULES } from './account-cases.ts';
import { CONTROLLER_RULES } from './controller-cases.ts';
import { DRIFT_RULES, LABEL_RULES, OWNERSHIP_RULES } from './ownership-cases.ts';
import { GATING_RULES, INSTANCE_RULES } from './instance-cases.ts';
import { SCHEMA_WATCH_RULES } from './schema-watch-cases.ts';
import { COMPILE_RULES, FOREACH_RULES, PENDING_RULES, READER_RULES, RENDERED_RULES, SCANNER_RULES, SHAPE_RULES } from './other-cases.ts';
import { DELETE_RULES } from './delete-cases.ts';
import { LATER_RULES } from './later-cases.ts';
import { ROUTING_RULES } from './routing-cases.ts';
import { TRACKING_RULES } from './tracking-cases.ts';
import { type WordRule, runByRules } from './words.ts';
import { runTypeCase } from './typing-cases.ts';

type Runner = (each: KroCase) => CaseOutcome | Promise<CaseOutcome>;

/**
 * Maps the `area` of a case to the rules that interpret the case. The cases of these areas describe situations in
 * words.
 */
const RULES: Readonly<Record<string, readonly WordRule[]>> = {
  tracking: TRACKING_RULES,
  delete: DELETE_RULES,
  'watch-routing': ROUTING_RULES,
  ownership: OWNERSHIP_RULES,
  instance: INSTANCE_RULES,
  gating: GATING_RULES,
  'schema-watch': SCHEMA_WATCH_RULES,
  'dynamic-gvk': [...SCHEMA_WATCH_RULES, ...RENDERED_RULES],
  'expression-scanner': SCANNER_RULES,
  shape: SHAPE_RULES,
  compile: COMPILE_RULES,
  forEach: FOREACH_RULES,
  'data-pending': PENDING_RULES,
  readers: READER_RULES,
  labels: LABEL_RULES,
  drift: DRIFT_RULES,
  controller: CONTROLLER_RULES,
  requeue: REQUEUE_RULES,
  impersonation: IMPERSONATION_RULES,
  'after-rc0': LATER_RULES,
};

const byWords: Runner = (each) => runByRules(Object.hasOwn(RULES, each.area) ? (RULES[each.area] ?? []) : [], each);

/** Maps the `area` of a case to the runner of all cases of this area. */
const AREAS: Readonly<Record<string, Runner>> = {
  'schema-watch': byWords,
  'node-id': runNodeIdCase,
  'forEach-shape': runForEachShapeCase,
  'object-structure': runObjectCase,
  'serviceAccountName': runAccountNameCase,
  'compile-cache': runHashCase,
  'crd-compat': runCrdCase,
  labels: (each) => ('graphChild' in each.input ? byWords(each) : runLabelCase(each)),
};

/** Maps a member of a case's input to the runner of the case. Used for a case whose `area` is not in `AREAS`. */
const INPUTS: Readonly<Record<string, Runner>> = {
  string: runScanCase,
  rawTemplate: runRawPayloadCase,
  rawDef: runRawPayloadCase,
  rawPatch: runRawPayloadCase,
  payload: runPayloadCase,
  schema: runTypeCase,
  nodes: (each) => (typeof each.expect['accepted'] === 'boolean' ? runCompileCase(each) : runGraphCase(each)),
};

/** Runs one case: with the compiler alone, or on the embedded cluster with the controller. */
export async function runCase(each: KroCase): Promise<CaseOutcome> {
  const byArea = Object.hasOwn(AREAS, each.area) ? AREAS[each.area] : undefined;
  if (byArea !== undefined) return byArea(each);
  if (String(each.input['action']).startsWith('compile the same Graph')) return runPurityCase(each);
  const key = Object.keys(each.input).find((name) => Object.hasOwn(INPUTS, name));
  return ((key === undefined ? undefined : INPUTS[key]) ?? byWords)(each);
}

/** The outcome of each case of a folder, in the order of the file `cases.json`. */
export async function runKroCases(dir: string): Promise<{ readonly each: KroCase; readonly outcome: CaseOutcome }[]> {
  const outcomes: { each: KroCase; outcome: CaseOutcome }[] = [];
  for (const each of readCases(dir)) {
    const outcome = await runCase(each).catch((thrown: unknown) => failed(String(thrown)));
    outcomes.push({ each, outcome });
  }
  return outcomes;
}

/**
 * Returns one topic for each `area` of the cases. A listed deviation counts as passed as long as its case deviates or
 * is not run.
 */
export async function kroTopics(dir: string): Promise<TopicResult[]> {
  const topics = new Map<string, { passed: number; notRun: number; failures: { id: string; detail: string }[] }>();
  for (const { each, outcome } of await runKroCases(dir)) {
    const topic = topics.get(each.area) ?? { passed: 0, notRun: 0, failures: [] };
    topics.set(each.area, topic);
    const { id } = each;
    if (outcome.state === 'passed' && KRO_0_10_DEVIATIONS.has(id))
      topic.failures.push({ id, detail: 'a listed deviation that passes' });
    else if (outcome.state === 'passed' || KRO_0_10_DEVIATIONS.has(id)) topic.passed += 1;
    else if (outcome.state === 'notRun') topic.notRun += 1;
    else topic.failures.push({ id, detail: outcome.detail });
  }
  return [...topics].map(([topic, result]) => ({ topic, ...result }));
}
