import type { JsonObject } from '@typekro/kit/core';
import { formatTime } from '@typekro/kit/kubernetes';
import { type Graph, controllerCrds } from '@typekro/engine/graph';
import { type Condition, ConditionContent, readConditions } from '@typekro/engine/runtime';
import { type Schema, crdSource, StructuralSchema } from '@typekro/engine/schema';
import { conditionsToJson, setConditions } from '../set-conditions.ts';
import { type DefinitionObject, DEFINITION_TYPE } from './definition-object.ts';
import { graphStatus, lastGraphStatus } from './graph-status.ts';
import type { MigrationState } from './storage-migration.ts';

/** The types of a definition's conditions except `Ready`. */
export type DefinitionCondition = 'GraphRevisionsResolved' | 'GraphAccepted' | 'KindReady' | 'ControllerReady';

/** The condition of a definition with a canary policy. */
const ROLLED_OUT = 'RolledOut';
/** The condition of a definition with `propagateWhen`, as in the proposal for kro. */
const PROPAGATED = 'Propagated';
/** The condition of a definition with several versions: are all objects stored in the version of `apiVersion`? */
export const STORAGE_MIGRATED = 'StorageMigrated';
/** The condition of a definition with fields of a newer CRD. It does not affect `Ready`, and is absent without them. */
const FIELDS_KNOWN = 'FieldsKnown';

const TYPES: readonly DefinitionCondition[] = [
  'GraphRevisionsResolved',
  'GraphAccepted',
  'KindReady',
  'ControllerReady',
];

/** The outcome of a pass over a definition. */
export interface DefinitionOutcome {
  /** New values of conditions. A condition without a new value does not change. */
  readonly conditions: ReadonlyMap<DefinitionCondition, ConditionContent>;
  /** The graph of the definition's spec; `undefined` while the spec does not compile. */
  readonly graph?: Graph;
  /**
   * The condition of the canary roll-out; `undefined` without a roll-out. `keep` leaves the condition unchanged. The
   * condition does not affect `Ready`.
   */
  readonly rolledOut?: ConditionContent | 'keep';
  /** The condition of `propagateWhen`. The rules of `rolledOut` also apply to this condition. */
  readonly propagated?: ConditionContent | 'keep';
  /** The state of the stored objects. The condition does not affect `Ready`, and is absent without several versions. */
  readonly migration?: Pick<MigrationState, 'condition' | 'progress'> | 'keep';
  /** The highest revision that was ever issued; 0 for none. */
  readonly lastIssuedRevision: number;
}

/** A status in the form in which it is written. */
export type WrittenStatus = JsonObject & { readonly state: 'Active' | 'Inactive' };

/** The whole status of a definition after a pass. */
export function definitionStatus(definition: DefinitionObject, outcome: DefinitionOutcome, now: number): WrittenStatus {
  const { creationTimestamp } = definition.object.metadata;
  const conditions = setConditions(
    { types: TYPES, generation: definition.generation, creationTimestamp: creationTimestamp ?? formatTime(now) },
    readConditions(definition.status['conditions']),
    outcome.conditions,
    formatTime(now),
  );
  const isTrue = (type: DefinitionCondition) =>
    conditions.some((condition) => condition.type === type && condition.status === 'True');
  const active = isTrue('GraphAccepted') && isTrue('KindReady') && isTrue('ControllerReady');
  // While the spec does not compile, the status keeps the order and the resources of the last graph that compiled.
  const shown = outcome.graph === undefined ? lastGraphStatus(definition.status) : graphStatus(outcome.graph);
  const { migration } = outcome;
  const progress = migration === 'keep' ? definition.status['migration'] : migration?.progress;
  return {
    ...shown,
    ...(progress === undefined ? {} : { migration: progress }),
    ...(outcome.lastIssuedRevision > 0 ? { lastIssuedRevision: outcome.lastIssuedRevision } : {}),
    state: active ? 'Active' : 'Inactive',
    conditions: conditionsToJson([
      ...conditions,
      ...ofRevision(ROLLED_OUT, definition, outcome.rolledOut, now),
      ...ofRevision(PROPAGATED, definition, outcome.propagated, now),
      ...ofRevision(STORAGE_MIGRATED, definition, migration === 'keep' ? migration : migration?.condition, now),
      ...ofRevision(FIELDS_KNOWN, definition, fieldsKnown(definition), now),
    ]),
  };
}

let definitionSchema: Schema | undefined;

/** The condition for fields that a newer CRD has and this controller ignores; `undefined` without such fields. */
function fieldsKnown({ spec }: DefinitionObject): ConditionContent | undefined {
  definitionSchema ??= crdSource(controllerCrds()).schemaOf(DEFINITION_TYPE);
  const unknown = definitionSchema === undefined ? [] : StructuralSchema.prune(definitionSchema, { spec }).unknown;
  if (unknown.length === 0) return undefined;
  return no('UnknownFields', `this controller does not know and ignores ${unknown.join(', ')}`);
}

/** The condition of a roll-out, as a list of one; an empty list without the condition. */
function ofRevision(
  name: string,
  { status, generation }: DefinitionObject,
  value: ConditionContent | 'keep' | undefined,
  now: number,
): Condition[] {
  if (value === undefined) return [];
  const before = readConditions(status['conditions']).find(({ type }) => type === name);
  if (value === 'keep') return before === undefined ? [] : [before];
  return [ConditionContent.transition(name, value, before, generation, now)];
}

/** The contents of conditions. A message that kro also has is worded as in kro, because clients match on it. */
export const outcomes = {
  resolved: (revision: number): ConditionContent => yes('Resolved', `revision ${revision} compiled and active`),
  revisionFailed: (revision: number): ConditionContent =>
    no('Failed', `latest graph revision ${revision} failed compilation`),
  awaitingCompilation: (revision: number): ConditionContent => ({
    status: 'Unknown',
    reason: 'WaitingForGraphRevisionCompilation',
    message: `graph revision ${revision} issued and awaiting compilation`,
  }),
  accepted: (): ConditionContent => yes('Valid', 'resource graph and schema are valid'),
  refused: (message: string): ConditionContent => no('InvalidResourceGraph', message),
  kindReady: (kind: string): ConditionContent => yes('Ready', `kind ${kind} has been accepted and ready`),
  kindDeleted: (crd: string): ConditionContent => ({
    status: 'Unknown',
    reason: 'UnderDeletion',
    message: `CRD ${crd} is being deleted with all of its instances, and is created again when it is gone`,
  }),
  kindFailed: (message: string): ConditionContent => no('Failed', message),
  underDeletion: (message: string): ConditionContent => ({ status: 'Unknown', reason: 'UnderDeletion', message }),
  running: (): ConditionContent => yes('Running', 'controller is running'),
  notStarted: (message: string): ConditionContent => no('FailedToStart', message),
};

function yes(reason: string, message: string): ConditionContent {
  return { status: 'True', reason, message };
}

function no(reason: string, message: string): ConditionContent {
  return { status: 'False', reason, message };
}
