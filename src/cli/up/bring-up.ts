import { relative } from 'node:path';
import { stringify } from 'yaml';
import type { KubeObject } from '../../core/index.ts';
import { formatApiVersion, formatRef, refOf } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { waitForObject } from '../../kube/index.ts';
import type { CommandContext } from '../command.ts';
import { ExitCode } from '../command.ts';
import { createLiveView } from './live-view.ts';
import { allActive, refusedDefinition, reportOf, viewsOf } from './progress.ts';
import type { Session } from './session.ts';
import { instanceLines } from './view.ts';

/** What to bring up, and where. */
export interface BringUp {
  readonly context: CommandContext;
  readonly session: Session;
  readonly objects: readonly KubeObject[];
  /** The compiled definitions among the objects. */
  readonly graphs: readonly Graph[];
  readonly timeoutMs: number;
  readonly kubeconfig: string;
}

/**
 * Applies everything and shows the instances until all are ACTIVE, the time is up, or Ctrl-C. Gives the
 * exit code of `--once`; the cluster stays as it is either way.
 */
export async function bringUp(task: BringUp): Promise<number> {
  const { context, session, graphs } = task;
  const kinds = new Map(graphs.map((graph) => [`${formatApiVersion(graph.instance)} ${graph.instance.kind}`, graph]));
  const isInstance = (object: KubeObject) => kinds.has(`${object.apiVersion} ${object.kind}`);
  const namespaced = task.objects.map((object) =>
    kinds.get(`${object.apiVersion} ${object.kind}`)?.instance.namespaced === true ? inNamespace(object) : object,
  );
  const instances = namespaced.filter(isInstance);
  const names = new Set(graphs.map(({ name }) => name));
  const timeout = AbortSignal.timeout(task.timeoutMs);
  const signal = AbortSignal.any([context.signal, timeout]);
  const view = createLiveView(context);
  try {
    for (const object of namespaced.filter((entry) => !isInstance(entry))) await session.apply(object, signal);
    await until(session, signal, () => {
      const { reports } = session.controller;
      if (refusedDefinition(names, reports.definitions()) !== undefined) return true;
      const active = reports.definitions().filter(({ name, state }) => names.has(name) && state === 'Active');
      return active.length === names.size;
    });
    const refused = refusedDefinition(names, session.controller.reports.definitions());
    if (refused !== undefined) {
      context.printError(`error: the controller refuses the definition ${refused.name}: ${refused.message}`);
      return ExitCode.failed;
    }
    for (const object of instances) await session.apply(object, signal);
    await until(session, signal, () => {
      const views = viewsOf(instances, session.controller.reports);
      view.update(views);
      return allActive(views);
    });
  } catch (error) {
    if (context.signal.aborted) return ExitCode.interrupted;
    if (!timeout.aborted) throw error;
    const stuck = viewsOf(instances, session.controller.reports).filter((entry) => !allActive([entry]));
    context.printError(`error: not everything is ACTIVE after ${task.timeoutMs / 1000} s:`);
    for (const entry of stuck) context.printError(instanceLines(entry, false).join('\n'));
    for (const name of names) {
      const found = session.controller.reports.definitions().find((entry) => entry.name === name);
      if (found?.state !== 'Active')
        context.printError(`definition ${name} is ${found?.state ?? 'not seen by the controller'}`);
    }
    return ExitCode.failed;
  } finally {
    view.finish();
  }
  await printStatus(task, instances);
  return ExitCode.ok;
}

/** Instances without a namespace live in `default`, as kubectl would have it. */
function inNamespace(object: KubeObject): KubeObject {
  return { ...object, metadata: { namespace: 'default', ...object.metadata } };
}

/** Waits until the condition holds; it is asked again after every event of the controller. */
function until({ controller }: Session, signal: AbortSignal, condition: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      unsubscribe();
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = () => finish(() => reject(signal.reason as Error));
    const check = () => {
      if (condition()) finish(resolve);
    };
    const unsubscribe = controller.reports.subscribe(check);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else check();
  });
}

async function printStatus({ context, session, kubeconfig }: BringUp, instances: readonly KubeObject[]): Promise<void> {
  await session.idle();
  for (const object of instances) {
    // The status is written last, after everything else of a pass.
    const live = await waitForObject(session.api, refOf(object), context.signal, (found) =>
      found?.status?.['state'] === 'ACTIVE' ? found : undefined,
    );
    const { conditions: _conditions, ...status } = live.status ?? {};
    const revision = reportOf(object, session.controller.reports)?.revision;
    context.print(`\n${formatRef(refOf(live))}${revision === undefined ? '' : `, revision ${revision}`}\nstatus:`);
    context.print(indent(stringify(status).trimEnd()));
  }
  const file = relative(context.cwd, kubeconfig);
  context.print(
    `\nGo on in another terminal:\n  export KUBECONFIG=${file.startsWith('..') ? kubeconfig : `$PWD/${file}`}\n  kubectl get rgd -o wide`,
  );
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
