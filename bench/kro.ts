/**
 * Measures kro's controller and this project's controller with the same loads on embedded clusters. The cluster, the
 * controller and the load are separate processes that talk over HTTPS. In each round, the controllers run one after the
 * other, each on an empty cluster. The table has the median of the rounds. Run:
 * `npm run bench -- kro --program PATH [--rounds N] [--instances N]`, with the path of kro's controller; `--limited`
 * keeps kro's own limits of requests and workers. `docs/scale.md` says how kro's controller is built.
 */
import type { JsonObject } from '../dist/core/index.js';
import type { ControllerProgram, Figures } from './support/controller-run.ts';
import { cleanUp, ControllerProcess, ownController, pause, totalRequests } from './support/controller-run.ts';
import { collection, five, typeOf } from './support/loads.ts';
import { LoadedCluster } from './support/loaded-cluster.ts';
import { median } from './support/median.ts';
import { readOptions } from './support/options.ts';
import { each, follow } from './support/watching.ts';

const { program, rounds, instances, limited } = readOptions({
  program: '',
  rounds: 3,
  instances: 1000,
  limited: false,
});
if (program === '') throw new Error("--program PATH: the path of kro's controller");
const CHILDREN = 1000;
/**
 * A controller is at rest after it has sent no request, and used almost no processor time, for this many milliseconds.
 */
const REST_MS = 3000;
const POLL_MS = 200;
const REST_CPU_SECONDS = 0.15;
/** The runtimes of Go and Node return memory to the system some time after the last work. */
const RETURN_MS = 20_000;
const MAP = { apiVersion: 'v1', kind: 'ConfigMap' };

/**
 * Flags that raise kro's limits: kro then sends as many requests as the server accepts. More than 16 workers do not
 * make kro faster.
 */
const RAISED = [
  '--client-qps=100000',
  '--client-burst=100000',
  '--resource-graph-definition-concurrent-reconciles=16',
  '--dynamic-controller-concurrent-reconciles=16',
  '--dynamic-controller-rate-limiter-rate-limit=100000',
  '--dynamic-controller-rate-limiter-burst-limit=100000',
];
const KRO: ControllerProgram = {
  command: program,
  args: [],
  flags: ['--leader-elect=false', ...(limited ? [] : RAISED)],
  readyPath: '/metrics',
  log: 'ignore',
};
const SUBJECTS = { kro: KRO, own: ownController() } as const;
type Subject = keyof typeof SUBJECTS;

/** The figures of each row, by controller. */
const measured = new Map<string, Record<Subject, number[]>>();

function note(row: string, subject: Subject, value: number): void {
  const figures = measured.get(row) ?? { kro: [], own: [] };
  figures[subject].push(value);
  measured.set(row, figures);
}

/**
 * Waits until the controller is at rest. Returns the controller's figures and the time, both from the moment when it
 * became idle.
 */
async function rest(controller: ControllerProcess): Promise<{ readonly figures: Figures; readonly at: number }> {
  let [figures, at] = [await controller.figures(), performance.now()];
  while (performance.now() - at < REST_MS) {
    await pause(POLL_MS);
    const now = await controller.figures();
    const isQuiet =
      totalRequests(now.requests) === totalRequests(figures.requests) &&
      now.controllerCpu - figures.controllerCpu < REST_CPU_SECONDS;
    if (!isQuiet) [figures, at] = [now, performance.now()];
  }
  return { figures, at };
}

/**
 * Measures a load: how long `work` takes, and the controller's requests, processor time and peak memory until it is at
 * rest.
 */
async function load(row: string, subject: Subject, controller: ControllerProcess, work: () => Promise<void>) {
  const { figures: before } = await rest(controller);
  controller.resetPeak();
  const began = performance.now();
  await work();
  note(`${row}: time`, subject, (performance.now() - began) / 1000);
  noteCost(row, subject, before, (await rest(controller)).figures);
}

function noteCost(row: string, subject: Subject, before: Pick<Figures, 'requests' | 'controllerCpu'>, after: Figures) {
  note(`${row}: requests`, subject, totalRequests(after.requests) - totalRequests(before.requests));
  note(`${row}: CPU`, subject, after.controllerCpu - before.controllerCpu);
  note(`${row}: memory, peak`, subject, after.peakMb);
}

async function restart(row: string, subject: Subject, { server }: LoadedCluster): Promise<ControllerProcess> {
  const before = { requests: (await server.figures())?.requests ?? {}, controllerCpu: 0 };
  const controller = await ControllerProcess.start(server, [], SUBJECTS[subject]);
  const { figures, at } = await rest(controller);
  note(`${row}: time`, subject, (at - controller.began) / 1000);
  noteCost(row, subject, before, figures);
  return controller;
}

async function atRest(row: string, subject: Subject, controller: ControllerProcess): Promise<void> {
  await pause(RETURN_MS);
  note(`${row}: memory`, subject, (await controller.figures()).rssMb);
}

/** Starts a controller on an empty cluster, and measures all loads. */
async function measure(subject: Subject): Promise<void> {
  // The controller and the load are the only clients.
  await using cluster = await LoadedCluster.start('!load');
  const { client } = cluster;
  let controller = await ControllerProcess.start(cluster.server, [], SUBJECTS[subject]);
  await rest(controller);
  note('after the start: memory', subject, (await controller.figures()).rssMb);
  await cluster.define([five('a'), collection()]);

  const fleet = `${instances} instances × 5`;
  await load(`${fleet} until ACTIVE`, subject, controller, () => cluster.create(['Load'], instances));
  await atRest(`${fleet} at rest`, subject, controller);
  await load('definition changed', subject, controller, async () => {
    await using changed = follow(client, MAP, ({ data }) => (data as JsonObject | undefined)?.['fixed'] === 'b');
    await client.apply(five('b'), { fieldManager: 'load', force: true });
    await changed.count(instances);
  });
  await controller.stop();
  controller = await restart(`restart with ${fleet}`, subject, cluster);
  await atRest(`after the restart, at rest`, subject, controller);
  await load(`forEach of ${CHILDREN} until ACTIVE`, subject, controller, async () => {
    await using active = follow(client, typeOf('Many'), ({ status }) => status?.['state'] === 'ACTIVE');
    await client.create({
      ...typeOf('Many'),
      metadata: { name: 'many', namespace: 'default' },
      spec: { text: 'a', count: CHILDREN },
    });
    await active.count(1);
  });
  await load(`${fleet} deleted`, subject, controller, async () => {
    await using left = follow(client, typeOf('Load'), () => true);
    await left.count(instances);
    await each(instances, (index) => client.delete({ ...typeOf('Load'), namespace: 'default', name: `load-${index}` }));
    await left.count(0);
  });
  await controller.stop();
}

function shown(row: string, value: number): string {
  if (row.endsWith('requests')) return value.toFixed(0);
  return /memory/.test(row) ? `${value.toFixed(0)} MB` : `${value.toFixed(2)} s`;
}

try {
  for (let round = 0; round < rounds; round += 1) {
    // The speed of a machine changes, so neither controller is always the first.
    const subjects: readonly Subject[] = round % 2 === 0 ? ['kro', 'own'] : ['own', 'kro'];
    for (const subject of subjects) await measure(subject);
  }
} finally {
  cleanUp();
}
console.log('| load | kro | this controller | this controller / kro |\n|---|---|---|---|');
for (const [row, { kro, own }] of measured) {
  const [theirs, ours] = [median(kro), median(own)];
  const ratio = theirs === 0 ? '' : (ours / theirs).toFixed(2);
  console.log(`| ${row} | ${shown(row, theirs)} | ${shown(row, ours)} | ${ratio} |`);
}
