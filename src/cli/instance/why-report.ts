import type { ObjectRef } from '../../core/index.ts';
import { objectName, refOf } from '../../core/index.ts';
import type { Cause } from '../../readiness/index.ts';
import type { Condition, RootCause } from '../../runtime/index.ts';
import { isDone, keys, readConditions, refusalRemedy } from '../../runtime/index.ts';
import type { FieldOrigin } from './field-origins.ts';
import { fieldOrigins } from './field-origins.ts';
import { shellWord } from '../shell-word.ts';
import type { InstanceObservation } from './observation.ts';
import { currentNodes, recordedState } from './observation.ts';
import type { ShownState } from './shown-node.ts';
import { shownNode } from './shown-node.ts';

/** `typekro why` as JSON. A later release with the same `schemaVersion` only adds fields. */
export interface WhyReport {
  readonly schemaVersion: 1;
  readonly instance: ObjectRef;
  /** `status.state`; empty before a controller has written it. */
  readonly state: string;
  /** When the condition `Ready` changed last (RFC 3339). */
  readonly since?: string;
  /** What the controller says in the condition `Ready`, where that is not true. */
  readonly recorded?: string;
  readonly ready: number;
  readonly nodes: number;
  /** What keeps the instance from being deleted besides its nodes: finalizers, policies. */
  readonly blocked: readonly string[];
  /** What the controller could not do with the instance itself. */
  readonly refusals: readonly FailedCondition[];
  readonly causes: readonly WhyCause[];
}

/** A condition of an instance or a definition that is False for a reason that stands behind no node. */
export interface FailedCondition {
  readonly condition: string;
  readonly reason: string;
  readonly message: string;
  readonly remedy?: string;
}

/** One thing that everything behind it waits for. */
export interface WhyCause {
  readonly node: string;
  /** The cause is about objects that the graph no longer has. */
  readonly retired?: true;
  readonly state: ShownState;
  readonly reason: string;
  /** Nodes whose data is missing although they are ready. */
  readonly waitsFor: readonly string[];
  /** Nodes that wait for this one. */
  readonly waiting: readonly string[];
  readonly objects: readonly ObjectRef[];
  /** What stands in the objects where the missing data is looked for. */
  readonly found: readonly string[];
  /** What keeps the objects, and what they made, from being ready. */
  readonly troubles: readonly Trouble[];
  /** What a dry run of the pending write came to; absent where no write is pending, and where `reason` tells it. */
  readonly dryRun?: string;
  /** What could not be read; the reasons may be incomplete. */
  readonly unread: readonly string[];
  readonly remedy?: string;
  /** A command that shows more. */
  readonly look?: string;
}

/** A cause with the end of the log of the container that it is about. */
export interface Trouble extends Cause {
  readonly log?: readonly string[];
}

/** What a dry run of a pending write came to: the text names the object that was taken, or says why it was not. */
export interface PendingWrite {
  readonly result: 'taken' | 'refused' | 'unknown';
  readonly outcome: string;
  /** A right is missing. */
  readonly missing?: boolean;
  /** Paths of the fields that the API server refuses. */
  readonly fields?: readonly string[];
  readonly remedy?: string;
}

/** What was found out about a root beyond the decision. */
export interface Evidence {
  readonly found: readonly string[];
  readonly troubles: readonly Trouble[];
  readonly unread: readonly string[];
  readonly write?: PendingWrite;
}

/** The report of an instance, from its roots and what was found out about each. */
export function whyReport(
  { instance, decision, graph }: InstanceObservation,
  roots: readonly { readonly root: RootCause; readonly evidence: Evidence }[],
): WhyReport {
  const { state, ready } = recordedState(instance);
  const nodes = currentNodes(decision);
  const recorded = ready === undefined || ready.status === 'True' || !ready.message ? undefined : ready.message;
  return {
    schemaVersion: 1,
    instance: refOf(instance),
    state,
    ...(ready?.lastTransitionTime === undefined ? {} : { since: ready.lastTransitionTime }),
    ...(recorded === undefined ? {} : { recorded }),
    ready: nodes.filter(isDone).length,
    nodes: nodes.length,
    blocked: [...(decision.blocked ?? []), ...foreignFinalizers(instance)],
    refusals: refusalsOf(instance),
    causes: roots.map(({ root, evidence }) => {
      const origins = fieldOrigins(graph?.nodes.get(root.node.id), evidence.write?.fields ?? []);
      return causeOf(root, evidence, recorded, origins);
    }),
  };
}

/** Conditions that say whether the controller may work on the instance at all. */
const OF_THE_INSTANCE: ReadonlySet<string> = new Set(['InstanceManaged', 'GraphResolved']);

function refusalsOf(instance: InstanceObservation['instance']): FailedCondition[] {
  const refused = ({ type, status }: Condition) => status === 'False' && OF_THE_INSTANCE.has(type);
  return readConditions(instance.status?.['conditions'])
    .filter(refused)
    .map(({ type, reason = '', message = '' }) => {
      const remedy = refusalOfInstance(message, instance);
      return { condition: type, reason, message, ...(remedy === undefined ? {} : { remedy }) };
    });
}

function refusalOfInstance(message: string, instance: InstanceObservation['instance']): string | undefined {
  if (/is forbidden: User /.test(message))
    return 'give the controller the right: typekro rbac prints all rules that a definition needs';
  return refusalRemedy(message, refOf(instance));
}

function causeOf(
  { node, objects, waiting }: RootCause,
  evidence: Evidence,
  recorded: string | undefined,
  origins: readonly FieldOrigin[],
): WhyCause {
  const { found, troubles, unread, write } = evidence;
  const { state, reason, waitsFor, remedy } = shownNode(node);
  const [first] = troubles;
  // The object in which the data is missing, if it is known.
  const object = objects.find((each) => found.some((text) => text.startsWith(`${objectName(each)}: `))) ?? objects[0];
  const isRefused = write?.result === 'refused' && node.because.kind === 'write';
  const pending = write === undefined || isRefused ? undefined : pendingText(write, recorded);
  const advice = first?.remedy ?? write?.remedy ?? pending?.remedy ?? remedy ?? origins[0]?.remedy;
  const about = first?.object ?? object;
  return {
    node: node.id,
    ...(node.retired === true ? { retired: true } : {}),
    state: isRefused ? 'failed' : state,
    reason: isRefused ? write.outcome : reason,
    waitsFor,
    waiting,
    objects,
    found: [...found, ...origins.map(({ text }) => text)],
    troubles,
    ...(pending === undefined ? {} : { dryRun: pending.text }),
    unread,
    ...(advice === undefined ? {} : { remedy: advice }),
    ...(about === undefined ? {} : { look: describeCommand(about) }),
  };
}

/** A write that is due and not refused: the controller's own words tell more than that it is due. */
function pendingText(
  { result, outcome }: PendingWrite,
  recorded: string | undefined,
): { text: string; remedy?: string } {
  if (result !== 'taken') return { text: outcome };
  if (recorded !== undefined) return { text: `the API server would take the write of ${outcome} from you` };
  return {
    text: `the API server would take the write of ${outcome} now, and no controller has made it`,
    remedy: 'see that the controller runs and may write this kind: its log and its events name what it was refused',
  };
}

/** `kubectl describe service shop-svc -n team-a`; for an instance of another definition, `typekro why`. */
function describeCommand({ apiVersion, kind, name, namespace }: ObjectRef): string {
  if (apiVersion.startsWith('kro.run/')) {
    const place = namespace === undefined ? name : `${namespace}/${name}`;
    return `typekro why ${shellWord(`${kind.toLowerCase()}/${place}`)}`;
  }
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
  // Custom kinds of one name may stand in several groups.
  const type = `${kind.toLowerCase()}${group.split('.').length > 2 ? group : ''}`;
  return `kubectl describe ${shellWord(type)} ${shellWord(name)}${namespace === undefined ? '' : ` -n ${shellWord(namespace)}`}`;
}

/** Finalizers of others, once the instance is to be deleted. */
function foreignFinalizers({ metadata }: InstanceObservation['instance']): string[] {
  if (metadata.deletionTimestamp === undefined) return [];
  return (metadata.finalizers ?? [])
    .filter((finalizer) => finalizer !== keys.FINALIZER)
    .map(
      (finalizer) =>
        `the finalizer ${finalizer} of another program holds the instance since ${metadata.deletionTimestamp}`,
    );
}
