/**
 * The list of Kubernetes' conformance specs, and its comparison with a run of them. `kubernetes.json` has the list:
 * names, files and release are those of Kubernetes' own `conformance.yaml`. Pure.
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
   * `passes`: it passed when it was run. `needs-containers`: it cannot pass where containers are simulated. `differs`:
   * the cluster differs on purpose. `gap`: it should pass, and did not, or has not been run.
   */
  readonly status: 'passes' | 'needs-containers' | 'differs' | 'gap';
  /** Why the spec needs containers, why the cluster differs, or what the gap is. Absent for a spec that passes. */
  readonly reason?: string;
  /** The last run. Absent for a spec that has not been run. */
  readonly lastRun?: { readonly on: string; readonly how: string; readonly result: SpecRun['result'] };
}

/** The content of `kubernetes.json`. */
export interface KubernetesSpecs {
  /** The release of Kubernetes from which the specs are. */
  readonly release: string;
  readonly specs: readonly KubernetesSpec[];
}

/** The specs that a run tries: those whose name contains `only`; without `only`, those that need no containers. */
export function chosenSpecs({ specs }: KubernetesSpecs, only: string | undefined): readonly KubernetesSpec[] {
  return specs.filter(({ name, status }) => (only === undefined ? status !== 'needs-containers' : name.includes(only)));
}

/** The group of a spec, such as `sig-apps`. */
export const groupOf = ({ name }: Pick<KubernetesSpec, 'name'>): string => /^\[([^\]]+)\]/.exec(name)?.[1] ?? 'other';

/**
 * Compares runs with the list. A spec with the status `passes` must pass. A spec with the status `gap` or `differs`
 * must not pass; if it does, its entry is out of date. A spec that needs containers may pass or fail.
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

/** The list with the results of runs. `on` is the day, and `how` the program that ran the specs. */
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

/** The longest reason that a run writes into the list. */
const MAX_REASON_LENGTH = 200;

const firstLine = ({ result, message }: SpecRun): string => {
  const line = message.split('\n').find((text) => text.trim() !== '') ?? '';
  return line.trim().slice(0, MAX_REASON_LENGTH) || `the spec ended with ${result}`;
};
