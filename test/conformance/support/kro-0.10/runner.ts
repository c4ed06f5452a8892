import type { TopicResult } from '../report.ts';
import type { CaseOutcome, KroCase } from './cases.ts';
import { notRun, readCases } from './cases.ts';
import { runCompileCase, runPurityCase, runRawPayloadCase } from './compile-cases.ts';
import { runCrdCase } from './crd-cases.ts';
import { KRO_0_10_DEVIATIONS } from './deviations.ts';
import { runHashCase } from './hash-cases.ts';
import { runLabelCase } from './label-cases.ts';
import {
  runAccountNameCase,
  runForEachShapeCase,
  runNodeIdCase,
  runObjectCase,
  runPayloadCase,
  runScanCase,
} from './shape-cases.ts';
import { runGraphCase } from './run-cases.ts';
import { runTypeCase } from './typing-cases.ts';

type Runner = (each: KroCase) => CaseOutcome;

const NEEDS_CONTROLLER: Runner = () => notRun('the case needs a controller');

/** The runners of areas whose cases all have one form. */
const AREAS: Readonly<Record<string, Runner>> = {
  'node-id': runNodeIdCase,
  'forEach-shape': runForEachShapeCase,
  'object-structure': runObjectCase,
  'serviceAccountName': runAccountNameCase,
  'compile-cache': runHashCase,
  'crd-compat': runCrdCase,
  labels: runLabelCase,
};

/** The runners of other cases, by a member of their input. */
const INPUTS: Readonly<Record<string, Runner>> = {
  string: runScanCase,
  rawTemplate: runRawPayloadCase,
  rawDef: runRawPayloadCase,
  rawPatch: runRawPayloadCase,
  payload: runPayloadCase,
  schema: runTypeCase,
  nodes: (each) => (typeof each.expect['accepted'] === 'boolean' ? runCompileCase(each) : runGraphCase(each)),
};

/** Runs one case. Cases that need a controller or an API server are not run here. */
export function runCase(each: KroCase): CaseOutcome {
  const byArea = Object.hasOwn(AREAS, each.area) ? AREAS[each.area] : undefined;
  if (byArea !== undefined) return byArea(each);
  if (String(each.input['action']).startsWith('compile the same Graph')) return runPurityCase(each);
  const key = Object.keys(each.input).find((name) => Object.hasOwn(INPUTS, name));
  return ((key === undefined ? undefined : INPUTS[key]) ?? NEEDS_CONTROLLER)(each);
}

/** The outcome of each case of a folder, in the order of the file. */
export function runKroCases(dir: string): { readonly each: KroCase; readonly outcome: CaseOutcome }[] {
  return readCases(dir).map((each) => ({ each, outcome: runCase(each) }));
}

/** The outcomes by area. A listed deviation counts as passed while it deviates. */
export function kroTopics(dir: string): TopicResult[] {
  const topics = new Map<string, { passed: number; notRun: number; failures: { id: string; detail: string }[] }>();
  for (const { each, outcome } of runKroCases(dir)) {
    const topic = topics.get(each.area) ?? { passed: 0, notRun: 0, failures: [] };
    topics.set(each.area, topic);
    const { id } = each;
    const isListed = KRO_0_10_DEVIATIONS.has(id);
    if (outcome.state === 'notRun') topic.notRun += 1;
    else if (outcome.state === 'failed' && !isListed) topic.failures.push({ id, detail: outcome.detail });
    else if (outcome.state === 'passed' && isListed)
      topic.failures.push({ id, detail: 'a listed deviation that passes' });
    else topic.passed += 1;
  }
  return [...topics].map(([topic, result]) => ({ topic, ...result }));
}
