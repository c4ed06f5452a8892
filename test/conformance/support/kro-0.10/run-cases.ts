import type { JsonObject, JsonValue } from '../../../../src/core/index.ts';
import { stringifyJson } from '../../../../src/core/index.ts';
import { GraphObjects } from '../../../support/graph-objects.ts';
import type { CaseOutcome, KroCase } from './cases.ts';
import { containsAll, notRun, outcomeOf } from './cases.ts';
import { same } from './compile-cases.ts';

const INPUTS: ReadonlySet<string> = new Set(['graphNamespace', 'nodes', 'existing']);

/** What a case expects of a Graph that has settled in the fake cluster; each gives its differences. */
const EXPECTATIONS: Readonly<Record<string, (world: GraphObjects, expected: JsonValue) => string[]>> = {
  children: (world, expected) => same('children', recordedMaps(world), texts(expected)),
  names: (world, expected) => same('names', world.recorded().map((entry) => entry.split(' ')[1] ?? ''), expected),
  ordered: () => [],
  nodeIDs: (world, expected) => same('node ids', world.recorded().map((entry) => entry.split(' ')[0] ?? ''), expected),
  ready: (world, expected) => same('ready', world.condition('Ready').startsWith('True'), expected),
  reason: (world, expected) => containsAll(String(expected), world.condition('ResourcesConverged').split(' ')[1]),
  messageContains: (world, expected) => containsAll(world.condition('ResourcesConverged'), inNamespace(expected)),
  hard: (world, expected) => same('hard', world.condition('ResourcesConverged').startsWith('False ApplyFailed'), expected),
  soft: (world, expected) => {
    const [status, reason] = world.condition('ResourcesConverged').split(' ');
    return same('soft', status === 'False' && reason !== 'ApplyFailed', expected);
  },
};

/** A case with the nodes of a Graph and what it makes, run by the engine on the fake cluster. */
export function runGraphCase({ input, expect }: KroCase): CaseOutcome {
  const { nodes, existing = [] } = input;
  const unknown = Object.keys(expect).find((key) => !Object.hasOwn(EXPECTATIONS, key));
  const strange = Object.keys(input).find((key) => !INPUTS.has(key));
  if (!Array.isArray(nodes) || unknown !== undefined || strange !== undefined) {
    return notRun(`no rule for "${unknown ?? strange ?? 'nodes'}"`);
  }
  const given = (Array.isArray(existing) ? existing : []).map((each) => /^ConfigMap team\/([\w-]+)$/.exec(String(each)));
  const text = stringifyJson(nodes);
  const inWords = (nodes as JsonObject[]).some(({ forEach = [] }) => !Array.isArray(forEach));
  if (inWords || given.includes(null) || text.includes('<')) return notRun('the case describes objects in words');
  const world = new GraphObjects();
  for (const match of given) world.putMap(match?.[1] ?? '', {});
  world.apply(text);
  return outcomeOf(Object.entries(expect).flatMap(([key, expected]) => EXPECTATIONS[key]?.(world, expected ?? null) ?? []));
}

/** The recorded ConfigMaps that exist, as `ConfigMap <namespace>/<name>`. */
function recordedMaps(world: GraphObjects): string[] {
  const entries = (world.get()?.status?.['managedResources'] ?? []) as JsonObject[];
  return entries
    .filter(({ uid }) => uid !== undefined)
    .map(({ kind, namespace, name }) => `${String(kind)} ${[namespace, name].filter(Boolean).map(String).join('/')}`)
    .toSorted();
}

/** The namespaces of Graphs in the cases are `team` and `alpha`, and that of the fake cluster is `team-a`. */
function inNamespace(expected: JsonValue): JsonValue {
  return String(expected).replaceAll(/\b(?:team|alpha)\//g, 'team-a/');
}

const texts = (expected: JsonValue): string[] =>
  (expected as JsonValue[]).map((each) => String(inNamespace(each)).replace(/^v1\//, '').replace(/ [{(].*$/, '')).toSorted();
