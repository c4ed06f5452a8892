import { type JsonObject, type KubeObject, definedMembers } from '@typekro/kit/core';
import { type Graph, revisionHash } from '@typekro/engine/graph';
import { readConditions, keys } from '@typekro/engine/runtime';
import { instanceId } from '../instance/instance-directory.ts';
import { followsRollouts, instanceKey } from '../rollout/canary.ts';
import { type RolloutPreview, previewRollout } from '../rollout/preview-rollout.ts';
import { decidePropagation } from '../rollout/decide-propagation.ts';
import { isPropagationDone } from '../rollout/rollouts.ts';
import { instanceTypeOf } from '../served-kinds.ts';
import { crdDifference } from './crd-difference.ts';
import { type ConversionEffects, triedPlan } from './conversion-trial.ts';
import { type CrdPlan, ownedCrd, planCrd } from './crd-plan.ts';
import { declaredKind, readDefinitionObject } from './definition-object.ts';
import { type InstanceStepOptions, instanceStepOptions } from './instance-step.ts';
import type { ControllerSettings } from '../settings.ts';
import { signatureProblem } from './definition-signature.ts';
import { annotationProblems, readPolicies } from './definition-policies.ts';
import { definitionOf, otherHub, pinnedRevision, readRevision } from './revision.ts';

/** The input of a preview. The preview sends no requests. */
export interface DefinitionPreviewInput {
  /** The definition in the form in which the API server would store it. */
  readonly object: KubeObject;
  /** The graph of the definition, compiled against the schemas of the cluster. */
  readonly graph: Graph;
  /** GraphRevision objects. They may belong to any definition. */
  readonly revisions: readonly KubeObject[];
  /** The live CRD of the kind; `undefined` when there is none. */
  readonly crd: KubeObject | undefined;
  /** The existing instances, in the version that the graph reads. */
  readonly instances: readonly KubeObject[];
  /** The existing instances in a version that the live CRD serves. Default: `instances`. */
  readonly stored?: readonly KubeObject[];
  readonly settings: ControllerSettings;
  /** The time of `now()` in `spec.propagateWhen`, in milliseconds since the epoch. Default: the present. */
  readonly now?: number;
}

/** The reason why an instance does not follow the new revision. */
export type Deferral =
  /** With `missing`, the revision cannot be followed for this reason. */
  | { readonly kind: 'pinned'; readonly revision: number; readonly missing?: string }
  /** The value of the annotation is not a number. */
  | { readonly kind: 'pinned-to-nothing' }
  | { readonly kind: 'held-by-canary'; readonly message: string }
  /** A condition of `spec.propagateWhen` is not true. */
  | { readonly kind: 'held-by-condition'; readonly message: string };

/** What the controller would do with a definition. */
export interface DefinitionPreview {
  /** The newest revision, and the revision that instances would follow. 0 means none. */
  readonly revision: { readonly from: number; readonly to: number };
  /** The spec of the newest revision; `undefined` when there is none. */
  readonly before?: JsonObject;
  readonly crd: CrdPlan['do'];
  /** The instances that cannot be converted, or of which a version would show something else. */
  readonly effects: ConversionEffects;
  /**
   * The reason why the controller would not serve the revision; the last working revision then stays in use.
   * `undefined` when it would be served.
   */
  readonly refusal?: string;
  /** What to do about the refusal, if it ends by itself. */
  readonly remedy?: string;
  /** The canary roll-out of the revision; `undefined` when no canary delays the revision. */
  readonly rollout?: RolloutPreview;
  /** The reason why the instance would not follow the revision; `undefined` when it would. */
  deferralOf(instance: KubeObject): Deferral | undefined;
  /** The options of a step of the controller for the instance. */
  stepOf(instance: KubeObject): InstanceStepOptions;
}

/**
 * Computes what the controller would do with a definition, by the controller's own rules for revisions, CRDs, pins and
 * canaries.
 */
export function previewDefinition(input: DefinitionPreviewInput): DefinitionPreview {
  const { object, graph, instances, settings } = input;
  const definition = readDefinitionObject(object);
  const policies = readPolicies(object);
  const conditions = readConditions(definition.status['conditions']);
  const all = input.revisions
    .filter((each) => definitionOf(each) === definition.name)
    .map(readRevision)
    .sort((a, b) => a.number - b.number);
  const newest = all.filter(({ deleting }) => !deleting).at(-1);
  const isNew = newest === undefined || revisionHash(newest.spec) !== graph.hash;
  const lastIssued = definition.status['lastIssuedRevision'];
  const highest = Math.max(typeof lastIssued === 'number' ? lastIssued : 0, all.at(-1)?.number ?? 0);
  const to = isNew ? highest + 1 : newest.number;
  const wanted = ownedCrd(graph.instance.crd, definition, keys.DEFAULT_VERSION, undefined, input.crd);
  const difference =
    input.crd === undefined
      ? { changed: true, breaking: [] }
      : crdDifference(input.crd, wanted, settings.facets, graph);
  const { plan: crd, effects } = triedPlan(
    planCrd(input.crd, wanted, definition, difference, settings.conversions),
    { existing: input.crd, wanted, isBreakingAllowed: definition.allowBreakingChanges },
    () => input.stored ?? instances,
  );
  const refusal =
    policies.invalid.length > 0
      ? annotationProblems(policies).join('; ')
      : crd.do === 'refuse'
        ? crd.message
        : signatureProblem(object, settings.publisherKeys);
  const isWaiting = crd.do === 'refuse' && crd.leaving !== undefined;
  const remedy = isWaiting
    ? `wait for it, then plan again: kubectl wait rgd/${graph.name} --for=condition=StorageMigrated --timeout=10m`
    : undefined;
  const type = instanceTypeOf(graph);
  const rollout =
    newest === undefined
      ? undefined
      : previewRollout({
          revision: to,
          issued: isNew ? undefined : newest.object,
          allowance: policies.canary,
          instances,
          conditions,
          idOf: (key) => instanceId(type, key),
        });
  // A revision goes to all instances when no earlier one exists, or when it went to all instances before.
  const earlier = all.some(({ deleting, number }) => !deleting && number < to);
  const isOpen = earlier && (isNew || !isPropagationDone(newest.object));
  const held =
    !isOpen || rollout !== undefined || graph.propagateWhen === undefined
      ? undefined
      : heldOnes(graph.propagateWhen, to, instances, input.now ?? Date.now());
  return {
    revision: { from: newest?.number ?? 0, to },
    ...(newest === undefined ? {} : { before: newest.spec }),
    crd: crd.do,
    effects,
    ...definedMembers({ refusal, remedy, rollout }),
    deferralOf: (instance) => {
      const deferral = deferralOf(instance, to, rollout, held?.get(instanceKey(instance)));
      if (deferral?.kind !== 'pinned' || crd.do === 'refuse') return deferral;
      const pinned = all.find(({ number }) => number === deferral.revision);
      const reads = pinned === undefined ? '' : declaredKind(pinned.spec).version;
      const { version } = graph.instance;
      return reads === '' || reads === version ? deferral : { ...deferral, missing: otherHub(reads, version) };
    },
    stepOf: (instance) => stepOf(instance),
  };

  function stepOf(instance: KubeObject): InstanceStepOptions {
    const { templateNow, statusNow, ...options } = instanceStepOptions(definition, policies, instance, settings);
    // Under a new revision, the controller takes the time of `now()` again.
    const sample = isNew || templateNow === undefined ? {} : { templateNow };
    return { ...options, ...sample, ...(statusNow === undefined || isNew ? {} : { statusNow }), revision: to };
  }
}

/**
 * Returns the keys of the instances that the conditions hold back, each with the reason. The statuses of the instances
 * decide which ones are held back.
 */
function heldOnes(
  propagateWhen: NonNullable<Graph['propagateWhen']>,
  revision: number,
  instances: readonly KubeObject[],
  now: number,
): ReadonlyMap<string, string> {
  const candidates = instances.filter(followsRollouts).map((object) => ({ id: instanceKey(object), object }));
  return decidePropagation(propagateWhen, revision, candidates, { now }).held;
}

function deferralOf(
  instance: KubeObject,
  revision: number,
  rollout: RolloutPreview | undefined,
  heldBecause: string | undefined,
): Deferral | undefined {
  const pin = pinnedRevision(instance);
  if (pin !== undefined && Number.isNaN(pin)) return { kind: 'pinned-to-nothing' };
  if (pin !== undefined && pin !== revision) return { kind: 'pinned', revision: pin };
  if (heldBecause !== undefined) return { kind: 'held-by-condition', message: heldBecause };
  if (rollout?.phase !== 'held' || rollout.members.has(instanceKey(instance))) return undefined;
  return { kind: 'held-by-canary', message: rollout.message ?? '' };
}
