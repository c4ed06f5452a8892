import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ClusterClock, createEmbeddedCluster, systemClusterClock } from '@typekro/cluster';
import { diff, ensureFixture, load, makeClient, runCase } from '../apiserver/replay.mjs';
import { APISERVER_DEVIATIONS } from './apiserver-deviations.ts';
import type { TopicResult } from './report.ts';

/** The selection of the recordings, and the mode of the replay. */
export interface ReplayOptions {
  /** `api`: only the client changes objects. `controllers`: the simulated controllers run. */
  readonly profile: 'api' | 'controllers';
  /** Prefixes of case ids, or topics. Default: all. */
  readonly only?: readonly string[];
  /** Does the comparison ignore messages and headers? Default: false. */
  readonly lenient?: boolean;
  /** Does a listed deviation count as passed, as long as its case deviates? Default: true. */
  readonly deviations?: boolean;
}

const CONCURRENCY = 6;

/** Starts the server that the README of the recordings describes. */
async function startServer(profile: ReplayOptions['profile']) {
  // The entries of managedFields are sorted by time, in seconds. The clock does not advance, because on a slow machine
  // the steps of a case could have different seconds.
  const now = Date.now();
  const standing: ClusterClock = { now: () => now, setTimer: (milliseconds, callback) => systemClusterClock.setTimer(milliseconds, callback) };
  const cluster = await createEmbeddedCluster({
    controllers: profile === 'controllers',
    // envtest started the recorded server, and envtest disables the ServiceAccount admission plugin.
    serviceAccountAdmission: false,
    ...(profile === 'api' ? { clock: standing } : {}),
    adminToken: 'admin-token',
    tokens: { 'alice-token': { name: 'alice', uid: 'alice-uid', groups: ['devs'] } },
    serviceCidr: '10.96.0.0/16',
  });
  const anonymous = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
  const listener = await cluster.listen({ https: false, anonymous });
  return { cluster, url: listener.url };
}

/** Starts an embedded cluster, and replays the recordings of a folder against it. */
export async function replayRecordings(directory: string, options: ReplayOptions): Promise<TopicResult[]> {
  const files = readdirSync(directory)
    .filter((file) => file.endsWith('.jsonl'))
    .sort()
    .map((file) => join(directory, file));
  const { fixtures, cases } = load(files);
  const selected = cases.filter(
    ({ id, topic, profile = 'api' }) =>
      profile === options.profile &&
      (options.only === undefined || options.only.some((word) => id.startsWith(word) || topic === word)),
  );
  const { cluster, url } = await startServer(options.profile);
  const send = makeClient({ base: url, token: 'admin-token' });
  const run = { run: `r${Math.random().toString(36).slice(2).replaceAll(/\d/g, 'x').padEnd(8, 'q').slice(0, 8)}` };
  const started = {};
  const topics = new Map<string, { passed: number; failures: { id: string; detail: string }[] }>();
  const queue = [...selected];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const current = next;
      const problems: string[] = [];
      try {
        for (const fixture of current.needs ?? []) await ensureFixture(send, fixtures, fixture, run, started);
        for (const { step, actual } of await runCase(send, current, run)) {
          const plain: unknown = JSON.parse(JSON.stringify(actual));
          problems.push(...diff(current.steps[step]?.res, plain, `step ${step}`, [], options.lenient === true));
        }
      } catch (error) {
        problems.push(`error: ${error instanceof Error ? error.message : String(error)}`);
      }
      const result = topics.get(current.topic) ?? { passed: 0, failures: [] };
      topics.set(current.topic, result);
      const listed = options.deviations !== false && APISERVER_DEVIATIONS.has(current.id);
      if (listed && problems.length === 0) result.failures.push({ id: current.id, detail: 'a listed deviation that passes' });
      else if (listed || problems.length === 0) result.passed += 1;
      else result.failures.push({ id: current.id, detail: problems.slice(0, 6).join('\n') });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  await cluster.close();
  return [...topics].map(([topic, result]) => ({ topic, ...result })).sort((a, b) => (a.topic < b.topic ? -1 : 1));
}
