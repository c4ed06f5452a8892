/**
 * Runs recorded conformance cases: `npm run conformance -- KIND [DIR] [--verbose] [--controller CMD] [--level LEVEL]`.
 * `npm run conformance -- kubernetes [--only TEXT] [--update]` runs Kubernetes' own specs with the program that
 * E2E_TEST names, and compares the results with `test/conformance/kubernetes.json`. With `--update`, it writes the
 * results into this file. The other kinds run the recordings of this repository, or with DIR the recordings of that
 * folder, which have the same format. Prints one line per topic, `N passed, N failed`, and the number of cases without
 * a runner. The exit code is 1 if a case failed, and 2 for invalid arguments.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CEL_SPEC_DEVIATIONS } from '../test/conformance/cel-spec-deviations.ts';
import { replayRecordings } from '../test/conformance/support/apiserver-runner.ts';
import { runCelRecordings } from '../test/conformance/support/cel-runner.ts';
import { runControllerScenarios } from '../test/conformance/support/controller-runner.ts';
import { runCelSpec } from '../test/conformance/support/cel-spec-runner.ts';
import { GRAPH_DEVIATIONS } from '../test/conformance/support/graph-deviations.ts';
import { runGraphCorpus } from '../test/conformance/support/graph-runner.ts';
import { kroTopics } from '../test/conformance/support/kro-0.10/runner.ts';
import { runKubernetesSpecs } from '../test/conformance/support/kubernetes-runner.ts';
import type { KubernetesSpecs } from '../test/conformance/support/kubernetes-specs.ts';
import { chosenSpecs, compareSpecs, withRuns } from '../test/conformance/support/kubernetes-specs.ts';
import { type TopicResult, formatReport } from '../test/conformance/support/report.ts';
import { runSchemaCorpus } from '../test/conformance/support/schema-runner.ts';

/** The command-line options. The kind and the directory are positional arguments. */
interface RunOptions {
  /**
   * `--controller CMD`: the command that restarts the controller under test, or `none` if a controller already runs.
   * Default: this project's controller, in this process.
   */
  readonly controller: string | undefined;
  /**
   * `--level 0.9|0.10`: the release line of kro that this project's controller follows. Default: 0.9, the line of the
   * scenarios in `test/conformance/controller`.
   */
  readonly level: string | undefined;
  /** `--only TEXT`: only the specs of Kubernetes whose names contain the text. */
  readonly only: string | undefined;
  /** `--update`: writes the results of Kubernetes' specs into `test/conformance/kubernetes.json`. */
  readonly isUpdate: boolean;
}

/** A kind of recordings, and its runner. `directory` is undefined for the recordings of this repository. */
interface Kind {
  readonly summary: string;
  readonly run: (
    directory: string | undefined,
    options: RunOptions,
  ) => readonly TopicResult[] | Promise<readonly TopicResult[]>;
}

const recordings = (path: string) => fileURLToPath(new URL(`../test/conformance/${path}`, import.meta.url));

function runCel(directory: string | undefined): TopicResult[] {
  if (directory !== undefined) return runCelRecordings(directory);
  return [
    ...runCelRecordings(recordings('cel')),
    ...runCelSpec(recordings('cel-spec/types.jsonl'), CEL_SPEC_DEVIATIONS),
  ];
}

/** Scenarios for a controller, on an embedded cluster or on the cluster of `KUBECONFIG`. */
function runController(directory: string | undefined, { controller, level }: RunOptions): Promise<TopicResult[]> {
  const kubeconfig = process.env['KUBECONFIG'];
  return runControllerScenarios({
    dir: directory ?? recordings('controller'),
    names: [],
    runnerArgs: ['--concurrency', '8'],
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(controller === undefined ? {} : { controller }),
    ...(level === undefined ? {} : { level }),
    print: (line) => console.error(line),
  });
}

/**
 * Runs the cases about definitions, hashes, SimpleSchema and compatibility. A case with a listed deviation fails when
 * its result no longer deviates.
 */
function runGraph(directory: string | undefined): TopicResult[] {
  const dir = directory ?? recordings('graph');
  const topics = new Map<string, { passed: number; failures: { id: string; detail: string }[] }>();
  for (const { name, group, problem } of [...runSchemaCorpus(dir), ...runGraphCorpus(dir)]) {
    const topic = topics.get(group) ?? { passed: 0, failures: [] };
    topics.set(group, topic);
    const listed = directory === undefined && GRAPH_DEVIATIONS.has(name);
    if (problem === undefined && listed)
      topic.failures.push({ id: name, detail: 'passes, although it is listed as a deviation' });
    else if (problem === undefined || listed) topic.passed += 1;
    else topic.failures.push({ id: name, detail: problem });
  }
  return [...topics].map(([topic, result]) => ({ topic, ...result }));
}

/**
 * Runs the cases without and with simulated controllers (the profiles `api` and `controllers`), each profile on a
 * separate cluster. If both profiles have a topic, its name in the results of `controllers` ends with `(controllers)`.
 */
async function runApiServer(directory: string | undefined): Promise<TopicResult[]> {
  const dir = directory ?? recordings('apiserver');
  const options = { deviations: directory === undefined };
  const api = await replayRecordings(dir, { profile: 'api', ...options });
  const controllers = await replayRecordings(dir, { profile: 'controllers', ...options });
  const known = new Set(api.map(({ topic }) => topic));
  return [
    ...api,
    ...controllers.map((result) => ({
      ...result,
      topic: known.has(result.topic) ? `${result.topic} (controllers)` : result.topic,
    })),
  ];
}

/** A spec of Kubernetes is aborted after this time. A spec may wait up to five minutes for one state. */
const SPEC_TIMEOUT_MS = 480_000;

/** Runs Kubernetes' own specs with Kubernetes' own program. */
async function runKubernetes(_: string | undefined, { only, isUpdate }: RunOptions): Promise<TopicResult[]> {
  const program = process.env['E2E_TEST'];
  if (program === undefined || program === '') {
    throw new Error('E2E_TEST must name the program e2e.test of Kubernetes; CONTRIBUTING.md says how to build it');
  }
  const path = recordings('kubernetes.json');
  const list = JSON.parse(readFileSync(path, 'utf8')) as KubernetesSpecs;
  const print = (line: string) => console.error(line);
  const runs = await runKubernetesSpecs(chosenSpecs(list, only), { program, timeoutMs: SPEC_TIMEOUT_MS, print });
  if (isUpdate) {
    const how = `e2e.test ${list.release}, one process per spec, ${SPEC_TIMEOUT_MS / 1000} s each`;
    const updated = withRuns(list, runs, { on: new Date().toISOString().slice(0, 10), how });
    // One line for each spec, so that a changed result is one changed line.
    const lines = updated.specs.map((spec) => JSON.stringify(spec)).join(',\n');
    writeFileSync(path, `{"release":${JSON.stringify(updated.release)},"specs":[\n${lines}\n]}\n`);
    return [...compareSpecs(updated, runs)];
  }
  return [...compareSpecs(list, runs)];
}

const KINDS: Readonly<Record<string, Kind>> = {
  apiserver: { summary: 'the embedded cluster: recorded answers of a real API server', run: runApiServer },
  cel: { summary: "expressions: kro's recorded answers and cel-spec's vectors", run: runCel },
  graph: { summary: "definitions: kro's recorded compiler, SimpleSchema, CRD compatibility, hashes", run: runGraph },
  'kro-0.10': {
    summary: 'kind Graph and rules of kro 0.10, as single cases',
    run: (directory) => kroTopics(directory ?? recordings('kro-0.10')),
  },
  kubernetes: { summary: "Kubernetes' own conformance specs, by the program of E2E_TEST", run: runKubernetes },
  controller: { summary: 'black-box scenarios for a controller, recorded from kro', run: runController },
};

async function main(args: readonly string[]): Promise<number> {
  const words = [...args];
  const valueOf = (flag: string) => {
    const at = words.indexOf(flag);
    return at < 0 ? undefined : words.splice(at, 2)[1];
  };
  const controller = valueOf('--controller');
  const level = valueOf('--level');
  const only = valueOf('--only');
  const flags = new Set(['--verbose', '--update']);
  const [name, directory, ...rest] = words.filter((arg) => !flags.has(arg));
  const kind = name !== undefined && Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (kind === undefined || rest.length > 0) {
    console.error('usage: npm run conformance -- KIND [DIR] [--verbose] [--controller CMD] [--level LEVEL]');
    for (const [key, { summary }] of Object.entries(KINDS)) console.error(`  ${key.padEnd(12)} ${summary}`);
    return 2;
  }
  const results = await kind.run(directory, { controller, level, only, isUpdate: args.includes('--update') });
  console.log(formatReport(results, args.includes('--verbose')));
  return results.some((result) => result.failures.length > 0) ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
