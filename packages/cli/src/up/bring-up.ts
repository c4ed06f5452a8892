import { relative } from 'node:path';
import { describeInputPlace, inputPosition, type InputObject } from '@typekro/app/plan';
import { type KubeObject, count, formatApiVersion, formatRef, gvkOf, refOf, TypeKroError } from '@typekro/kit/core';
import { type Graph, GraphObject, isDefinition, Kinds } from '@typekro/engine/graph';
import { isTimeout, KubeError, systemClock, waitForObject, whileWanted, withDeadline } from '@typekro/kube';
import { type NodeReport, Explanation, ObjectKey, readConditions } from '@typekro/engine/runtime';
import { type CommandContext, ExitCode } from '../command.ts';
import type { LiveView } from './live-view.ts';
import { allActive, allCurrent, answerTo, isRefusedForGood, Progress, progressReport, viewsOf } from './progress.ts';
import type { Session } from './up-session.ts';
import { type InstanceView, instanceViewLines, nodeLine, titleOf, withNamespace } from '@typekro/app/instance';
import { CauseReader, withCauses } from './view-causes.ts';
import { isOutside } from '../file-paths.ts';
import { shellWord, yamlOf } from '@typekro/app/text';

/** The inputs of `bringUp`: the objects, the session, and the options. */
export interface BringUp {
  readonly context: CommandContext;
  readonly session: Session;
  readonly objects: readonly InputObject[];
  /** CustomResourceDefinitions that the objects require and the files lack. */
  readonly crds: readonly KubeObject[];
  /** The compiled definitions among the objects. */
  readonly graphs: readonly Graph[];
  readonly timeoutMs: number;
  /** True to end the command as soon as all instances are ACTIVE, or one of them can never become ACTIVE. */
  readonly once: boolean;
  readonly view: LiveView;
  /** True to print the status of each instance at the end. Default true. */
  readonly showsStatus?: boolean;
}

/**
 * The interval at which the view is updated while an instance works or waits, in milliseconds. Events do not suffice,
 * because nodes can change without one.
 */
const SHOW_EVERY_MS = 200;

/**
 * The maximum number of instances that are shown after every event. More instances are shown at the interval, because
 * the work of a view grows with their number, and so does the number of events.
 */
const MAX_SHOWN_AT_ONCE = 20;

/** The states of instances that only an event changes. */
const ENDED: ReadonlySet<string> = new Set(['deleted', 'unmanaged']);

/** The time limit for reading causes after the command's own time limit has passed, in milliseconds. */
const CAUSES_MS = 3000;

/**
 * Shows the instances after every event, and at a fixed interval while one of them works or waits, until the caller
 * calls the returned function. The events of many instances are shown together.
 */
export function showChanges(session: Session, view: LiveView, progress: Progress, once: boolean): () => void {
  const reader = new CauseReader(session.api);
  let isAtRest = false;
  let isMany = false;
  const show = () => {
    const views = progress.views();
    isMany = views.length > MAX_SHOWN_AT_ONCE;
    isAtRest = !progress.isUndecided && views.every((view) => ENDED.has(view.state) || allActive([view]));
    // The command ends now, and reports the refused nodes itself (`reportRefused`).
    if (once && refusedNodes(views).length > 0) return;
    view.update(reader.show(views));
  };
  const unsubscribe = session.controller.reports.subscribe(() => {
    isAtRest = false;
    if (!isMany) show();
  });
  const timer = setInterval(() => {
    if (!isAtRest) show();
  }, SHOW_EVERY_MS);
  return () => {
    clearInterval(timer);
    unsubscribe();
    reader.stop();
  };
}

function refusedNodes(views: readonly InstanceView[]): NodeReport[] {
  return views.flatMap(({ nodes }) => nodes.filter(isRefusedForGood));
}

/** Prints the reasons why an instance can never become ACTIVE. Prints nothing if it still can. */
function reportRefused({ context }: BringUp, input: InputObject | undefined, view: InstanceView): void {
  if (refusedNodes([view]).length > 0) {
    const place = input === undefined ? '' : `${describeInputPlace(input)}: `;
    context.printError(`error: ${place}${titleOf(view)} can never be ACTIVE as it is:`);
    const width = Math.max(...view.nodes.map(({ id }) => id.length));
    for (const node of view.nodes.filter(isRefusedForGood)) {
      context.printError(nodeLine(node, width, false));
      context.printError(
        `    hint: ${Explanation.of(node).remedy ?? 'correct the field in the definition, or the value in the instance'}`,
      );
    }
  }
}

/**
 * Applies all objects and shows the instances. Ends when all instances are ACTIVE, when the controller refuses a
 * definition, at the time limit, or at Ctrl-C. With `--once`, also ends when a node can never become ready. Returns the
 * exit code. Throws when the server refuses an object.
 */
export async function bringUp(task: BringUp): Promise<number> {
  const { context, session, timeoutMs } = task;
  const { definitions, instances, others } = sortInputs(task);
  const wanted = instancesOf(task.objects, task.graphs);
  const { reports } = session.controller;
  const { view } = task;
  const progress = new Progress(wanted, reports);
  const stopShowing = showChanges(session, view, progress, task.once);
  const finish = () => {
    stopShowing();
    view.finish();
  };
  let limit: AbortSignal | undefined;
  try {
    const refusal = await withDeadline(timeoutMs, [context.signal], systemClock, async (signal) => {
      limit = signal;
      for (const crd of task.crds) await session.apply(crd, signal);
      for (const input of others) await applyInput(session, input, signal);
      const refused = await activate(session, definitions, signal);
      if (refused !== undefined) return refused;
      const written: { readonly object: KubeObject }[] = [];
      for (const input of instances) written.push({ object: await applyInput(session, input, signal) });
      const applied = instancesOf(written, task.graphs);
      await settled(session, signal);
      await until(session, signal, () => {
        const current = progress.views().slice(0, wanted.length);
        return (allActive(current) && allCurrent(applied, reports)) || (task.once && refusedNodes(current).length > 0);
      });
      const views = viewsOf(wanted, reports);
      if (task.once && refusedNodes(views).length > 0) {
        finish();
        // The views are in the order of the instances.
        for (const [index, each] of views.entries()) reportRefused(task, instances[index], each);
        return 'refused';
      }
      const statuses = task.showsStatus === false ? [] : await readStatuses(session, wanted, signal);
      finish();
      for (const text of statuses) context.print(text);
      return undefined;
    });
    if (refusal === 'refused') return ExitCode.failed;
    if (refusal !== undefined) {
      finish();
      context.printError(`error: the controller refuses the definition ${refusal.name}: ${refusal.message}`);
      return ExitCode.failed;
    }
    if (wanted.length === 0 && task.showsStatus !== false) {
      context.print(`\nApplied ${count(task.objects.length, 'object')}; no instance is among them.`);
      const hint = instanceHint(task);
      if (hint !== undefined) context.print(`  hint: ${hint}`);
    }
    return ExitCode.ok;
  } catch (error) {
    finish();
    if (context.signal.aborted) return ExitCode.interrupted;
    if (limit === undefined || !isTimeout(limit)) throw error;
    await reportTimeout(task, wanted);
    return ExitCode.failed;
  } finally {
    stopShowing();
  }
}

/** Returns a hint about adding an instance of the first definition, in the language of the definition's file. */
function instanceHint({ graphs: [graph], objects }: BringUp): string | undefined {
  if (graph === undefined) return undefined;
  const { instance, name } = graph;
  const input = objects.find((each) => isDefinition(each.object) && nameOf(each) === name);
  return input?.document === undefined
    ? 'export one next to the composition: `export const first = app.toInstance({ … })`, with the values of its spec'
    : `add an object with apiVersion: ${formatApiVersion(instance)} and kind: ${instance.kind}`;
}

/**
 * Sorts the inputs into the order in which they are applied. Namespaces and CRDs come before the objects that need
 * them. A definition comes after the definitions whose kinds it uses.
 */
function sortInputs({ objects, graphs }: BringUp) {
  const byName = new Map(objects.filter(({ object }) => isDefinition(object)).map((input) => [nameOf(input), input]));
  const find = instanceFinder(graphs);
  const instances: InputObject[] = [];
  const bases: InputObject[] = [];
  const others: InputObject[] = [];
  for (const input of objects) {
    const { object } = input;
    const instance = find(object);
    if (instance !== undefined) {
      instances.push({ ...input, object: { ...instance, apiVersion: object.apiVersion } });
    } else if (Kinds.isCrd(object) || (object.apiVersion === 'v1' && object.kind === 'Namespace')) bases.push(input);
    else if (!isDefinition(object)) others.push(input);
  }
  const definitions = graphs.map(({ name }) => byName.get(name)).filter((input) => input !== undefined);
  return { definitions, instances, others: [...bases, ...others] };
}

/**
 * Returns the instances and Graphs among the objects, with their namespaces set. An instance has the version that its
 * graph reads, by which the controller reports it; its spec is not converted.
 */
export function instancesOf(
  objects: readonly { readonly object: KubeObject }[],
  graphs: readonly Graph[],
): KubeObject[] {
  const find = instanceFinder(graphs);
  return objects.flatMap(({ object }) => find(object) ?? []);
}

function instanceFinder(graphs: readonly Graph[]): (object: KubeObject) => KubeObject | undefined {
  const graphOf = new Map(graphs.map(({ instance }) => [ObjectKey.groupKind(instance), instance]));
  return (object) => {
    if (GraphObject.is(object)) return withNamespace(object, 'default');
    const type = graphOf.get(ObjectKey.groupKind(gvkOf(object)));
    if (type === undefined) return undefined;
    const inHub = { ...object, apiVersion: formatApiVersion(type) };
    return type.namespaced ? withNamespace(inHub, 'default') : inHub;
  };
}

function nameOf({ object }: InputObject): string {
  return object.metadata.name ?? '';
}

/** Applies an object. The error for a refusal names the object's place in the user's files. */
async function applyInput(session: Session, input: InputObject, signal: AbortSignal): Promise<KubeObject> {
  try {
    return await session.apply(input.object, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof KubeError)) throw error;
    const { namespace } = input.object.metadata;
    const missing = namespace !== undefined && error.message.startsWith(`namespaces "${namespace}" not found`);
    const source = missing ? inputPosition(input, ['metadata', 'namespace']) : undefined;
    const place = source === undefined ? describeInputPlace(input) : `${input.file}:${source.line}:${source.column}`;
    throw new TypeKroError(`${place}: ${error.message}`, {
      code: error.code,
      object: refOf(input.object),
      cause: error,
      ...(missing ? { remedy: `put the Namespace "${namespace}" into the files, too` } : {}),
    });
  }
}

/**
 * Applies the definitions one after another, and waits until each is served, because a definition can use the kinds of
 * earlier definitions. Returns the first definition that the controller refuses.
 */
async function activate(
  session: Session,
  definitions: readonly InputObject[],
  signal: AbortSignal,
): Promise<{ name: string; message: string } | undefined> {
  const { reports } = session.controller;
  for (const input of definitions) {
    const applied = await applyInput(session, input, signal);
    const answer = () => answerTo(applied, reports.definitions());
    await until(session, signal, () => answer() !== undefined);
    // A change of annotations does not raise the generation, so a refusal can be older than the change. This code waits
    // until the controller has processed the change.
    if (answer() !== 'Active') await settled(session, signal);
    await until(session, signal, () => answer() !== undefined);
    const refused = answer();
    if (typeof refused === 'object') return refused;
  }
  return undefined;
}

/**
 * Reports that the time limit has passed. Prints the instances that are not ACTIVE with their reasons (unless the
 * terminal already shows them), hints for their nodes, and definitions that are not Active.
 */
async function reportTimeout(task: BringUp, instances: readonly KubeObject[]): Promise<void> {
  const { context, session, graphs, timeoutMs, once } = task;
  const { reports } = session.controller;
  const views = await withCauses(session.api, viewsOf(instances, reports), AbortSignal.timeout(CAUSES_MS));
  context.printError(`error: not everything is ACTIVE after ${timeoutMs / 1000} s:`);
  // A terminal already shows the instances.
  for (const view of context.terminal === undefined ? views : []) {
    if (!allActive([view])) context.printError(instanceViewLines(view, false).join('\n'));
  }
  for (const view of views) {
    for (const node of view.nodes) {
      for (const hint of hintsFor(node, view)) {
        // With --once, the cluster ends before the user can run the command.
        const keep = once && /\bkubectl /.test(hint) ? ' (without --once, the cluster stays up for this command)' : '';
        context.printError(`hint for ${node.id} of ${view.kind} ${view.name}: ${hint}${keep}`);
      }
    }
  }
  for (const { name } of graphs) {
    const state = reports.definitions().find((entry) => entry.name === name)?.state;
    if (state !== 'Active') context.printError(`definition ${name} is ${state ?? 'not seen by the controller'}`);
  }
}

/** Returns the remedies of a node's causes or, if no cause is known, the remedy of the node's reason. */
function hintsFor(node: NodeReport, { causes }: InstanceView): readonly string[] {
  if (node.state === 'ready') return [];
  const found = causes?.get(node.id) ?? [];
  const remedies = new Set(found.flatMap(({ remedy }) => remedy ?? []));
  return found.length > 0 ? [...remedies] : [Explanation.of(node).remedy ?? []].flat();
}

/** Waits until the cluster and the controller have no pending work. Rejects when the signal aborts. */
const settled = (session: Session, signal: AbortSignal): Promise<void> => whileWanted(session.idle(), signal);

/**
 * Waits until a condition about the controller's reports is true. Evaluates the condition after every event of the
 * controller, because each change of a report causes an event.
 */
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

/**
 * Returns the status of each instance as text. Waits until no pass is running, because a pass writes the status last.
 */
async function readStatuses(
  session: Session,
  instances: readonly KubeObject[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  await settled(session, signal);
  const texts: string[] = [];
  for (const object of instances) {
    const live = await waitForObject(session.api, refOf(object), signal, (found) =>
      isActive(found) ? found : undefined,
    );
    const { conditions: _conditions, ...status } = live.status ?? {};
    const revision = GraphObject.is(live) ? undefined : progressReport(object, session.controller.reports)?.revision;
    const title = `${formatRef(refOf(live))}${revision === undefined ? '' : `, revision ${revision}`}`;
    texts.push(`\n${title}\nstatus:\n${indent(yamlOf(status).trimEnd())}`);
  }
  return texts;
}

/**
 * Is the instance ACTIVE? A Graph has no state in its status. For a Graph: is the condition Ready True, and is it about
 * the present generation?
 */
function isActive(found: KubeObject | undefined): boolean {
  if (found === undefined || !GraphObject.is(found)) return found?.status?.['state'] === 'ACTIVE';
  const ready = readConditions(found.status?.['conditions']).find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && (ready.observedGeneration ?? 0) >= (found.metadata.generation ?? 0);
}

/** Returns the message about using the cluster in another terminal. */
export function goOn(context: CommandContext, kubeconfig: string): string {
  const file = relative(context.cwd, kubeconfig);
  const shown = isOutside(file) ? shellWord(kubeconfig) : `$PWD/${file}`;
  return `Continue in another terminal:\n  export KUBECONFIG=${shown}\n  kubectl get rgd -o wide`;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
