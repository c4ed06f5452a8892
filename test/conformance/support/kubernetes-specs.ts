/**
 * The list of Kubernetes' conformance specs, and its comparison with the results of a run. The list is in
 * `kubernetes.json`. Its names, files and release come from Kubernetes' own `conformance.yaml`. The functions are pure.
 */
import type { TopicResult } from './report.ts';

/** The result of a run of one spec. `timeout`: the spec did not end in time. */
export interface SpecRun {
  readonly result: 'passed' | 'failed' | 'timeout';
  /** The beginning of the failure's message; `''` for a spec that passed. */
  readonly message: string;
}

/** One spec. */
export interface KubernetesSpec {
  readonly name: string;
  /** The file of the spec in the repository of Kubernetes. */
  readonly file: string;
  /**
   * `passes`: the last run passed. `needs-containers`: the spec cannot pass while containers are simulated. `differs`:
   * the cluster differs on purpose. `gap`: the spec should pass, but its last run failed or there is no run.
   */
  readonly status: 'passes' | 'needs-containers' | 'differs' | 'gap';
  /**
   * The reason of the status: why the spec needs containers, why the cluster differs, or which behaviour is missing.
   * Absent for a spec that passes.
   */
  readonly reason?: string;
  /** The last run. Absent for a spec that has not been run. */
  readonly lastRun?: { readonly on: string; readonly how: string; readonly result: SpecRun['result'] };
}

/** The content of `kubernetes.json`. */
export interface KubernetesSpecs {
  /** The Kubernetes release that defines the specs. */
  readonly release: string;
  readonly specs: readonly KubernetesSpec[];
}

/**
 * The specs that a run executes. With `only`, these are the specs whose name contains it. Without `only`, these are the
 * specs that need no containers.
 */
export function chosenSpecs({ specs }: KubernetesSpecs, only: string | undefined): readonly KubernetesSpec[] {
  return specs.filter(({ name, status }) => (only === undefined ? status !== 'needs-containers' : name.includes(only)));
}

/** The group of a spec, such as `sig-apps`. */
export const groupOf = ({ name }: Pick<KubernetesSpec, 'name'>): string => /^\[([^\]]+)\]/.exec(name)?.[1] ?? 'other';

/**
 * Compares runs with the list. A spec with the status `passes` must pass. A spec with the status `gap` or `differs`
 * must fail. If it passes, its entry is out of date. A spec that needs containers may pass or fail.
 */
export function compareSpecs(list: KubernetesSpecs, runs: ReadonlyMap<string, SpecRun>): readonly TopicResult[] {
  const topics = new Map<string, { topic: string; passed: number; failures: { id: string; detail: string }[] }>();
  for (const spec of list.specs) {
    const run = runs.get(spec.name);
    if (run === undefined) continue;
    const group = groupOf(spec);
    const topic = topics.get(group) ?? { topic: group, passed: 0, failures: [] };
    topics.set(group, topic);
    const detail = differenceOf(spec, run);
    if (detail === undefined) topic.passed += 1;
    else topic.failures.push({ id: spec.name, detail });
  }
  return [...topics.values()].toSorted((a, b) => (a.topic < b.topic ? -1 : 1));
}

function differenceOf({ status }: KubernetesSpec, { result, message }: SpecRun): string | undefined {
  if (status === 'passes' && result !== 'passed') return `${result}: ${message}`;
  const isUnmet = status === 'gap' || status === 'differs';
  if (isUnmet && result === 'passed') return 'a listed gap that passes; --update changes the list';
  return undefined;
}

/**
 * Returns the list with the results of new runs. `on` is the day of the run, and `how` is the program that ran the
 * specs.
 */
export function withRuns(
  list: KubernetesSpecs,
  runs: ReadonlyMap<string, SpecRun>,
  { on, how }: { readonly on: string; readonly how: string },
): KubernetesSpecs {
  return {
    ...list,
    specs: list.specs.map((spec) => {
      const run = runs.get(spec.name);
      if (run === undefined) return spec;
      const { name, file } = spec;
      const lastRun = { on, how, result: run.result };
      if (run.result === 'passed') return { name, file, status: 'passes', lastRun };
      if (spec.status === 'needs-containers' || spec.status === 'differs') return { ...spec, lastRun };
      const reason = spec.status === 'gap' && spec.lastRun !== undefined ? spec.reason : undefined;
      return { name, file, status: 'gap', reason: reason ?? firstLine(run), lastRun };
    }),
  };
}

/** The maximum length of a reason that a run writes into the list, in characters. */
const MAX_REASON_LENGTH = 200;

const firstLine = ({ result, message }: SpecRun): string => {
  const line = message.split('\n').find((text) => text.trim() !== '') ?? '';
  return line.trim().slice(0, MAX_REASON_LENGTH) || `the spec ended with ${result}`;
};
