import { relative } from 'node:path';
import { stringify } from 'yaml';
import type { KubeObject } from '../../core/index.ts';
import { formatApiVersion, formatRef, refOf } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { systemClock, waitForObject, withDeadline } from '../../kube/index.ts';
import type { CommandContext } from '../command.ts';
import { ExitCode } from '../command.ts';
import { isDefinition } from './check-inputs.ts';
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
  const { context, session, graphs, timeoutMs } = task;
  const kinds = new Map(graphs.map((graph) => [`${formatApiVersion(graph.instance)} ${graph.instance.kind}`, graph]));
  const graphOf = (object: KubeObject) => kinds.get(`${object.apiVersion} ${object.kind}`);
  const instances = task.objects.flatMap((object) => {
    const graph = graphOf(object);
    return graph === undefined ? [] : [graph.instance.namespaced ? inNamespace(object) : object];
  });
  const others = task.objects.filter((object) => graphOf(object) === undefined && !isDefinition(object));
  const view = createLiveView(context);
  try {
    const refusal = await withDeadline(timeoutMs, [context.signal], systemClock, async (signal) => {
      for (const object of others) await session.apply(object, signal);
      const refused = await activate(task, signal);
      if (refused !== undefined) return refused;
      for (const object of instances) await session.apply(object, signal);
      await until(session, signal, () => {
        const views = viewsOf(instances, session.controller.reports);
        view.update(views);
        return allActive(views);
      });
      return undefined;
    });
    view.finish();
    if (refusal !== undefined) {
      context.printError(`error: the controller refuses the definition ${refusal.name}: ${refusal.message}`);
      return ExitCode.failed;
    }
    await printStatus(task, instances);
    return ExitCode.ok;
  } catch (error) {
    view.finish();
    if (context.signal.aborted) return ExitCode.interrupted;
    if (!(error instanceof DOMException && error.name === 'TimeoutError')) throw error;
    reportTimeout(task, instances);
    return ExitCode.failed;
  }
}

/**
 * Applies the definitions one after another, each when the one before is served: a definition may use the
 * kinds of those before it. Gives the first that the controller refuses.
 */
async function activate(task: BringUp, signal: AbortSignal): Promise<{ name: string; message: string } | undefined> {
  const { session, graphs } = task;
  const { reports } = session.controller;
  const definitions = new Map(task.objects.filter(isDefinition).map((object) => [object.metadata.name, object]));
  for (const { name } of graphs) {
    const definition = definitions.get(name);
    if (definition === undefined) continue;
    await session.apply(definition, signal);
    const names = new Set([name]);
    await until(session, signal, () => {
      const active = reports.definitions().some((entry) => entry.name === name && entry.state === 'Active');
      return active || refusedDefinition(names, reports.definitions()) !== undefined;
    });
    const refused = refusedDefinition(names, reports.definitions());
    if (refused !== undefined) return refused;
  }
  return undefined;
}

/** Says what is not ACTIVE, and why. */
function reportTimeout({ context, session, graphs, timeoutMs }: BringUp, instances: readonly KubeObject[]): void {
  const { reports } = session.controller;
  context.printError(`error: not everything is ACTIVE after ${timeoutMs / 1000} s:`);
  for (const view of viewsOf(instances, reports)) {
    if (!allActive([view])) context.printError(instanceLines(view, false).join('\n'));
  }
  for (const { name } of graphs) {
    const state = reports.definitions().find((entry) => entry.name === name)?.state;
    if (state !== 'Active') context.printError(`definition ${name} is ${state ?? 'not seen by the controller'}`);
  }
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
