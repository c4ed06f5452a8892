import { type JsonObject, type KubeObject, formatRef, isJsonObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import type { EventRecorder, ObjectEvent } from '@typekro/kube';
import { asObjects } from '@typekro/kit/kubernetes';
import type { Condition, NodeReport } from '@typekro/engine/runtime';
import { Explanation, Failure, ObjectLabels, ObjectTarget, readConditions } from '@typekro/engine/runtime';
import type { WrittenStatus } from '../definition/definition-status.ts';
import type { CompiledSpec } from '../definition/compiler.ts';
import type { DefinitionObject } from '../definition/definition-object.ts';
import type { InstanceRecord } from '../instance/record.ts';
import { driftText } from '../drift/drift-text.ts';
import type { ChildWritten, ControllerListener, InstanceStep } from '../controller-event.ts';
import { heldObjects } from './held-objects.ts';

/** The dependencies of an `EventObserver`. */
export interface EventObserverOptions {
  readonly events: EventRecorder;
  /**
   * The value of kro's gate `InstanceConditionEvents`: an event for each change of the status (`True`, `False`) of an
   * instance's condition.
   */
  readonly conditionEvents: boolean;
}

/**
 * Records Kubernetes events: changes of state, failed expressions and writes, drift, adoption, blocked deletions.
 * Records an event only when the controller also writes an object, so an idle controller records none.
 */
export class EventObserver {
  readonly #options: EventObserverOptions;
  /** The problems of each definition that did not compile at its last pass, by the definition's name. */
  readonly #problems = new Map<string, readonly string[]>();

  constructor(options: EventObserverOptions) {
    this.#options = options;
  }

  /** Records the Kubernetes events that an event of the controller causes. */
  readonly listen: ControllerListener = (event) => {
    switch (event.kind) {
      case 'definition-passed':
        return this.#definitionPassed(event.definition, event.compiled);
      case 'definition-changed':
        return this.#definitionChanged(event.definition, event.status);
      case 'definition-held':
        return this.#definitionHeld(event.definition, event.message);
      case 'definition-released':
        return this.#definitionReleased(event.definition, event.orphans);
      case 'definition-gone':
        this.#problems.delete(event.name);
        return;
      case 'child-written':
        return this.#childWritten(event);
      case 'instance-changed':
        return this.#instanceChanged(event.step);
      default:
        return;
    }
  };

  #definitionPassed({ name }: DefinitionObject, { graph, problems }: CompiledSpec): void {
    if (graph === undefined) this.#problems.set(name, problems);
    else this.#problems.delete(name);
  }

  #definitionChanged({ object, name, status: before }: DefinitionObject, status: WrittenStatus): void {
    const { state } = status;
    const from = before['state'];
    if (from !== state) {
      const message = typeof from === 'string' && from !== '' ? `${from} -> ${state}` : `the definition is ${state}`;
      this.#record(object, state === 'Active' ? 'Normal' : 'Warning', state, message);
    }
    this.#kindsAwaited(object, before, status);
    for (const { type, reason, message } of changedConditions(before, status)) {
      if (type === 'Ready' || !EVENT_REASONS.has(reason ?? '')) continue;
      this.#record(object, reason === 'RolledOut' ? 'Normal' : 'Warning', reason ?? type, message ?? '');
      // The condition has kro's message, because clients match on this message. These events add the places and the
      // remedies.
      if (reason !== 'InvalidResourceGraph') continue;
      for (const problem of (this.#problems.get(name) ?? []).slice(0, MAX_PROBLEMS)) {
        this.#record(object, 'Warning', 'Problem', problem);
      }
    }
  }

  /** Records each resource that begins to wait for its kind. */
  #kindsAwaited(definition: KubeObject, before: JsonObject, status: WrittenStatus): void {
    const [known, now] = [before, status].map(({ deferredResources: ids }) => (Array.isArray(ids) ? ids : []));
    for (const id of now ?? []) {
      if (known?.includes(id) === true) continue;
      const resources = asObjects(definition.spec?.['resources']);
      const template = resources.find((each) => each['id'] === id)?.['template'];
      const { apiVersion = '', kind = '' } = isJsonObject(template) ? template : {};
      const message = `resource "${String(id)}" waits for the CustomResourceDefinition of ${String(kind)} (${String(apiVersion)})`;
      this.#record(definition, 'Normal', 'WaitingForCRD', message);
    }
  }

  #definitionHeld({ object }: DefinitionObject, message: string | undefined): void {
    if (message !== undefined) this.#record(object, 'Warning', 'DeletionBlocked', message);
  }

  #definitionReleased({ object }: DefinitionObject, orphans: number): void {
    if (orphans === 0) return;
    const message =
      orphans === 1
        ? '1 instance is no longer managed, because its definition was deleted'
        : `${orphans} instances are no longer managed, because their definition was deleted`;
    this.#record(object, 'Warning', 'InstancesOrphaned', message);
  }

  #childWritten({ step: { instance, served }, action, outcome }: ChildWritten): void {
    if (served.origin === 'graph') return this.#graphObjectWritten(instance, action.nodeId);
    if (outcome === 'orphaned') {
      const message = `${formatRef(ObjectTarget.refOf(action.target))} (node ${action.nodeId}) stays, and is no longer managed`;
      return this.#record(instance, 'Normal', 'Orphaned', message);
    }
    if (action.why === 'drift') this.#record(instance, 'Warning', 'DriftCorrected', driftText(action));
    if (outcome !== 'adopted') return;
    const { formerOwner, lastWriter, nodeId, target } = action;
    const from = lastWriter === undefined ? '' : `, last written by ${lastWriter}`;
    const origin = formerOwner === undefined ? `existed${from}` : `belonged to ApplySet "${formerOwner}"`;
    const message = `${formatRef(ObjectTarget.refOf(target))} (node ${nodeId}) ${origin}, and is managed from now on`;
    this.#record(instance, 'Normal', 'Adopted', message);
  }

  /** Records the permissions that a Graph's account lacks. kro's condition contains only the server's message. */
  #graphChanged(graph: KubeObject, { failed, unread }: InstanceRecord): void {
    for (const { failure } of [...(failed?.values() ?? []), ...(unread?.values() ?? [])]) {
      if (failure.permission !== undefined) this.#record(graph, 'Warning', 'MissingPermission', Failure.text(failure));
    }
  }

  /** Records kro's warning that selectors must use the encoded value of the label instead of the path of the node. */
  #graphObjectWritten(graph: KubeObject, nodePath: string): void {
    const written = ObjectLabels.nodeLabel(nodePath, '0.10');
    if (written === nodePath.replaceAll('/', '.')) return;
    this.#record(graph, 'Warning', 'NodeIDEncoded', nodeEncodedText(nodePath, written));
  }

  #instanceChanged({ instance, decision, served, record }: InstanceStep): void {
    if (served.origin === 'graph') return this.#graphChanged(instance, record);
    const before = instance.status?.['state'];
    const from = typeof before === 'string' && before !== '' ? before : 'none';
    const { state, nodes, statusProblems, blocked = [] } = decision;
    if (from !== state) this.#record(instance, state === 'ERROR' ? 'Warning' : 'Normal', state, `${from} -> ${state}`);
    for (const problem of nodes.flatMap(problemsOf)) this.#record(instance, 'Warning', problem.reason, problem.message);
    for (const report of nodes.filter(({ because }) => because.kind === 'held')) {
      const { node, reason } = Explanation.of(report);
      this.#record(instance, 'Normal', 'PropagationHeld', `node ${node} ${reason}`);
    }
    for (const text of blocked) this.#record(instance, 'Warning', 'DeletionBlocked', text);
    for (const { path, message } of statusProblems) {
      this.#record(instance, 'Warning', 'ExpressionFailed', `status.${path}: ${message}`);
    }
    if (!this.#options.conditionEvents) return;
    const known = new Map(readConditions(instance.status?.['conditions']).map((entry) => [entry.type, entry.status]));
    for (const { type, status, reason = '' } of readConditions(decision.status['conditions'])) {
      const old = known.get(type) ?? 'none';
      if (old === status) continue;
      this.#options.events.record({
        object: instance,
        type: status === 'True' ? 'Normal' : 'Warning',
        reason: type,
        message: `${old} -> ${status}: ${reason}`,
        // kro's component name for the instances of the kind.
        component: `kro/${served.type.plural}.${served.type.group}-controller`,
      });
    }
  }

  #record(object: KubeObject, type: ObjectEvent['type'], reason: string, message: string): void {
    this.#options.events.record({ object, type, reason, message });
  }
}

/** kro's message about a node whose path is too long for a label. */
function nodeEncodedText(nodePath: string, written: string): string {
  return `node ${goQuote(nodePath)} exceeds the 63 character label value limit once qualified; kro.run/node-id is set to ${goQuote(written)} on its managed resources, and selectors must use that value; the full path is preserved in the internal.kro.run/node-path annotation`;
}

/** The maximum number of problems of a definition that are recorded as events. */
const MAX_PROBLEMS = 5;

/** Reasons of a definition's conditions that cause an event. */
const EVENT_REASONS: ReadonlySet<string> = new Set([
  'InvalidResourceGraph',
  'CanaryFailed',
  'RolledOut',
  'Failed',
  'FailedToStart',
  'UnknownFields',
]);

function changedConditions(before: JsonObject, after: JsonObject): Condition[] {
  const known = new Map(readConditions(before['conditions']).map((entry) => [entry.type, entry]));
  return readConditions(after['conditions']).filter(({ type, reason, message }) => {
    const old = known.get(type);
    return old?.reason !== reason || old?.message !== message;
  });
}

/** A problem of a node that causes an event. */
interface Problem {
  readonly reason: string;
  readonly message: string;
}

/** The problems of a node that cause events, such as failed expressions, failed requests and blocked deletions. */
function problemsOf(report: NodeReport): Problem[] {
  const held = heldObjects(report).map(({ object, finalizers, since }) => ({
    reason: 'DeletionBlocked',
    message: `${formatRef(object)} is held by finalizers ${finalizers.join(', ')} since ${since}`,
  }));
  return [...reasonProblems(report), ...held];
}

/** The problems that the reason of a node names. */
function reasonProblems({ id, because, message }: NodeReport): Problem[] {
  switch (because.kind) {
    case 'expression-failed':
      return [
        {
          reason: 'ExpressionFailed',
          message: `node ${id}: ${because.expression}: ${because.message}${Explanation.readOf(because)}`,
        },
      ];
    case 'write-failed':
      return [{ reason: 'WriteFailed', message: `node ${id}: ${Failure.text(because.failure, because.foreign)}` }];
    case 'read-failed':
      return [{ reason: 'ReadFailed', message: `node ${id}: ${Failure.text(because.failure)}` }];
    case 'contested':
      return because.objects.map(({ object, fields, managers }) => ({
        reason: 'FieldContested',
        message: `node ${id}: ${formatRef(object)}: ${fields.join(', ')} repeatedly changed by ${managers.join(', ') || 'another client'}`,
      }));
    case 'other-owner':
    case 'graph-owner':
    case 'field-conflict':
    case 'invalid-object':
    case 'collection-too-large':
    case 'identity-collision':
    case 'outside-namespace':
      return message === undefined ? [] : [{ reason: 'NodeFailed', message }];
    case 'duplicate-target':
      return message === undefined
        ? []
        : [{ reason: 'NodeFailed', message: `${message}: ${formatRef(because.object)}` }];
    default:
      return [];
  }
}
