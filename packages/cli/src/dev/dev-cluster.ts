import { type KubeObject, objectName, refOf } from '@typekro/kit/core';
import { type Graph, isDefinition } from '@typekro/engine/graph';
import { type Clock, type KubernetesApi, KubeError, isNotFound, waitForObject, withDeadline } from '@typekro/kube';
import type { CommandContext } from '../command.ts';
import { bringUp, instancesOf, showChanges } from '../up/bring-up.ts';
import type { CheckedFiles } from '../checks/checked.ts';
import type { LiveView } from '../up/live-view.ts';
import { Progress } from '../up/progress.ts';
import type { Session } from '../up/up-session.ts';
import { withoutEffect } from '../up/without-effect.ts';
import { planText, reportKey, servedText } from './dev-reports.ts';

/** The time limit for a response of a cluster in this process, in milliseconds. */
const ANSWER_MS = 3000;

/** The tools of a `DevCluster`. */
export interface DevClusterTools {
  readonly clock: Clock;
  /** The time limit of one apply, in milliseconds. */
  readonly timeoutMs: number;
  readonly view: LiveView;
  readonly print: (text: string) => void;
}

/** One running cluster of `typekro dev`, with the files that were applied to it. */
export class DevCluster {
  readonly session: Session;
  readonly #tools: DevClusterTools;
  /** The objects that were applied and not removed since, by key. */
  readonly #applied = new Map<string, KubeObject>();
  /** The name of the definition that owns the CRD of a kind, keyed by group and kind. */
  readonly #owners = new Map<string, string>();
  /** The last files without errors, and the plan of their apply. */
  #good: { readonly checked: CheckedFiles; readonly plan: string } | undefined;

  constructor(session: Session, tools: DevClusterTools) {
    this.session = session;
    this.#tools = tools;
  }

  /** The plan of the last files without errors; `undefined` if there were no such files yet. */
  get plan(): string | undefined {
    return this.#good?.plan;
  }

  /** Describes what the cluster serves, for example `revision 2 of webapps`. Empty when it serves nothing. */
  served(): string {
    return this.#good === undefined ? '' : servedText(this.#good.checked.graphs, this.session.controller.reports);
  }

  /** Shows the instances of the last files that had no errors. Ends when the returned function is called. */
  show(): () => void {
    if (this.#good === undefined) return () => {};
    const { graphs, inputs } = this.#good.checked;
    const progress = new Progress(instancesOf(inputs.objects, graphs), this.session.controller.reports);
    return showChanges(this.session, this.#tools.view, progress, false);
  }

  /**
   * Applies files without errors, and deletes the objects that the files no longer contain. Returns the exit code that
   * `up` has for these files. Throws the error of a refused object. When the signal of the context aborts, throws the
   * signal's reason.
   */
  async apply(checked: CheckedFiles, context: CommandContext): Promise<number> {
    const { timeoutMs, view } = this.#tools;
    const { session } = this;
    const { inputs, graphs, known } = checked;
    for (const graph of graphs) if (!this.#owners.has(kindKey(graph))) this.#owners.set(kindKey(graph), graph.name);
    for (const line of withoutEffect(inputs.objects, graphs)) context.printError(line);
    const showsStatus = this.#good === undefined;
    const plan = context.keyboard === undefined ? '' : await this.#planOf(checked, context);
    const objects = objectsOf(checked);
    await this.#removeMissing(objects, context.signal);
    for (const object of objects) this.#applied.set(reportKey(object), object);
    this.#good = { checked, plan };
    const task = { session, objects: inputs.objects, crds: known.crds, graphs, timeoutMs, once: false };
    return bringUp({ ...task, context, view, showsStatus });
  }

  /**
   * Describes the first kind that has moved from one definition to another. This cluster cannot serve files with a
   * moved kind: the CRD of a kind outlives its definition, and the controller refuses a second owner.
   */
  movedKind(graphs: readonly Graph[]): string | undefined {
    for (const graph of graphs) {
      const key = kindKey(graph);
      const owner = this.#owners.get(key);
      if (owner === undefined || owner === graph.name) continue;
      // If the files contain two definitions of one kind, the controller reports the conflict.
      if (graphs.some((each) => each.name === owner && kindKey(each) === key)) continue;
      return `the kind ${graph.instance.kind} moved from the definition ${owner} to ${graph.name}`;
    }
    return undefined;
  }

  /** Does the API server respond? An error response counts, too. */
  async answers(signal: AbortSignal): Promise<boolean> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    try {
      await this.session.api.find({ apiVersion: 'v1', kind: 'Namespace', name: 'default' }, { signal: limit });
      return true;
    } catch (error) {
      return error instanceof KubeError && error.status !== 0;
    }
  }

  /** Deletes the applied objects that are not in the list. */
  async #removeMissing(objects: readonly KubeObject[], signal: AbortSignal): Promise<void> {
    const { timeoutMs, clock, print } = this.#tools;
    const kept = new Set(objects.map(reportKey));
    const gone = [...this.#applied.values()].filter((object) => !kept.has(reportKey(object)));
    if (gone.length === 0) return;
    const { checked } = this.#good ?? {};
    const instances = checked === undefined ? [] : instancesOf(checked.inputs.objects, checked.graphs).map(reportKey);
    const isInstance = (object: KubeObject): boolean => instances.includes(reportKey(object));
    await withDeadline(timeoutMs, [signal], clock, (limit) =>
      removeObjects(this.session.api, gone, isInstance, limit, print),
    );
    for (const object of gone) this.#applied.delete(reportKey(object));
  }

  async #planOf({ inputs, known: { crds } }: CheckedFiles, context: CommandContext): Promise<string> {
    try {
      return await planText(context, this.session, { ...inputs, crds }, context.signal);
    } catch (error) {
      if (context.signal.aborted) throw error;
      return `There is no plan: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}

/** The objects in the files. Instances are as `instancesOf` returns them. */
function objectsOf({ inputs, graphs }: CheckedFiles): KubeObject[] {
  return inputs.objects.map((input) => instancesOf([input], graphs)[0] ?? input.object);
}

const kindKey = ({ instance: { group, kind } }: Graph): string => `${group}/${kind}`;

/**
 * Deletes objects that are no longer in the files, and waits for each deletion to finish. The order is: instances,
 * other objects, definitions. Definitions are last, because the controller needs a definition to delete the children of
 * its instances.
 *
 * @param isInstance is the object an instance of a definition?
 */
async function removeObjects(
  api: KubernetesApi,
  objects: readonly KubeObject[],
  isInstance: (object: KubeObject) => boolean,
  signal: AbortSignal,
  print: (text: string) => void,
): Promise<void> {
  const rank = (object: KubeObject): number => (isInstance(object) ? 0 : isDefinition(object) ? 2 : 1);
  for (const object of [...objects].sort((a, b) => rank(a) - rank(b))) {
    const ref = refOf(object);
    try {
      await api.delete(ref, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      continue;
    }
    await waitForObject(api, ref, signal, (found) => (found === undefined ? true : undefined));
    print(`deleted ${objectName(ref)}, which the files no longer contain`);
  }
}
