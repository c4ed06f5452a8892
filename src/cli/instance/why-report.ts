import type { ObjectRef } from '../../core/index.ts';
import { refOf } from '../../core/index.ts';
import type { Cause } from '../../readiness/index.ts';
import type { NodeState } from '../../runtime/index.ts';
import { explainNode } from '../../runtime/index.ts';
import type { Observation } from './observation.ts';
import { isDone, recordedState } from './observation.ts';
import type { Root } from './roots.ts';

/** `typekro why` as JSON. Later versions of the same number only add fields. */
export interface WhyReport {
  readonly schemaVersion: 1;
  readonly instance: ObjectRef;
  /** `status.state`; empty before a controller has written it. */
  readonly state: string;
  /** When the state was reached (RFC 3339). */
  readonly since?: string;
  /** What the controller says in the condition `Ready`, where that is not true. */
  readonly recorded?: string;
  readonly ready: number;
  readonly nodes: number;
  /** What keeps the instance from being deleted besides its nodes: finalizers, policies. */
  readonly blocked: readonly string[];
  readonly causes: readonly WhyCause[];
}

/** One thing that everything behind it waits for. */
export interface WhyCause {
  readonly node: string;
  readonly state: NodeState;
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

/** What was found out about a root beyond the decision. */
export interface Evidence {
  readonly found: readonly string[];
  readonly troubles: readonly Trouble[];
  readonly unread: readonly string[];
  readonly write?: { readonly outcome: string; readonly refused?: true; readonly remedy?: string };
}

/** The report of an instance, from its roots and what was found out about each. */
export function whyReport(
  { instance, live }: Observation,
  roots: readonly { readonly root: Root; readonly evidence: Evidence }[],
): WhyReport {
  const { state, ready } = recordedState(instance);
  const nodes = live?.decision.nodes ?? [];
  return {
    schemaVersion: 1,
    instance: refOf(instance),
    state,
    ...(ready?.lastTransitionTime === undefined ? {} : { since: ready.lastTransitionTime }),
    ...(ready === undefined || ready.status === 'True' || !ready.message ? {} : { recorded: ready.message }),
    ready: nodes.filter(isDone).length,
    nodes: nodes.length,
    blocked: [...(live?.decision.blocked ?? []), ...foreignFinalizers(instance)],
    causes: roots.map(({ root, evidence }) => causeOf(root, evidence)),
  };
}

function causeOf({ node, objects, waiting }: Root, { found, troubles, unread, write }: Evidence): WhyCause {
  const { reason, waitsFor, remedy } = explainNode(node);
  const [first] = troubles;
  const [object] = objects;
  const advice = first?.remedy ?? write?.remedy ?? remedy;
  const about = first?.object ?? object;
  const isRefused = write?.refused === true;
  return {
    node: node.id,
    state: isRefused ? 'failed' : node.state,
    reason: isRefused ? write.outcome : reason,
    waitsFor,
    waiting,
    objects,
    found,
    troubles,
    ...(write === undefined || isRefused ? {} : { dryRun: write.outcome }),
    unread,
    ...(advice === undefined ? {} : { remedy: advice }),
    ...(about === undefined ? {} : { look: describeCommand(about) }),
  };
}

/** `kubectl describe service shop-svc -n team-a`. */
function describeCommand({ apiVersion, kind, name, namespace }: ObjectRef): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
  // Custom kinds of one name may stand in several groups.
  const type = `${kind.toLowerCase()}${group.split('.').length > 2 ? group : ''}`;
  return `kubectl describe ${type} ${name}${namespace === undefined ? '' : ` -n ${namespace}`}`;
}

/** Finalizers of others, once the instance is to be deleted. */
function foreignFinalizers({ metadata }: Observation['instance']): string[] {
  if (metadata.deletionTimestamp === undefined) return [];
  return (metadata.finalizers ?? [])
    .filter((finalizer) => finalizer !== 'kro.run/finalizer')
    .map(
      (finalizer) =>
        `the finalizer ${finalizer} of another program holds the instance since ${metadata.deletionTimestamp}`,
    );
}
