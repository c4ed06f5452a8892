import type { KubeObject } from '@typekro/kit/core';
import type { ApplyAction, Decision, Decisions, ObjectOutcome } from '@typekro/engine/runtime';
import type { CompiledSpec } from './definition/compiler.ts';
import type { WrittenStatus } from './definition/definition-status.ts';
import type { DefinitionObject } from './definition/definition-object.ts';
import type { InstanceRecord } from './instance/record.ts';
import type { WorkResult } from './queue/runner.ts';
import type { WorkKey } from './queue/work-queue.ts';
import type { ServedKind } from './served-kinds.ts';

/** An instance at one step, with the decision of that step. */
export interface InstanceStep {
  readonly record: InstanceRecord;
  readonly instance: KubeObject;
  readonly served: ServedKind;
  readonly decision: Decision;
  /** The duration of the decision, in milliseconds. */
  readonly milliseconds: number;
}

type DefinitionEvent =
  /** A pass of a definition ended. */
  | { readonly kind: 'definition-passed'; readonly definition: DefinitionObject; readonly compiled: CompiledSpec }
  /** A new status of a definition was written. `definition` is the object before the write. */
  | { readonly kind: 'definition-changed'; readonly definition: DefinitionObject; readonly status: WrittenStatus }
  /**
   * A deleted definition waits until its instances are gone. `instances` is their number. `message` names them; it is
   * `undefined` when the status already has this message.
   */
  | {
      readonly kind: 'definition-held';
      readonly definition: DefinitionObject;
      readonly instances: number;
      readonly message: string | undefined;
    }
  /**
   * The controller removed its finalizer from a deleted definition. `orphans` is the number of instances that still
   * exist.
   */
  | { readonly kind: 'definition-released'; readonly definition: DefinitionObject; readonly orphans: number }
  | { readonly kind: 'definition-gone'; readonly name: string };

type RevisionEvent =
  /**
   * What a pass of the definition does about its revision: `serve` uses the newest revision, `issue` creates one, and
   * `failed` means that the definition does not compile. `wait` may follow in the same pass, while the CRD is not
   * established.
   */
  | { readonly kind: 'revision-resolved'; readonly result: 'serve' | 'issue' | 'wait' | 'failed' }
  /** The state of a stored revision changed to `active` (it compiles) or `failed`. */
  | { readonly kind: 'revision-moved'; readonly from: string; readonly to: string }
  | {
      readonly kind: 'revision-issued';
      readonly definition: DefinitionObject;
      readonly revision: number;
      readonly reason: 'no_revision' | 'spec_changed';
    }
  /**
   * The revision to which an instance is pinned, or with which it stays during a roll-out, does not exist or does not
   * compile.
   */
  | { readonly kind: 'revision-missed' }
  | {
      readonly kind:
        | 'revision-retired'
        | 'revision-retire-failed'
        | 'revision-released'
        | 'revision-evicted'
        | 'revision-status-failed';
    };

type InstanceEvent =
  /** A step was decided. The controller carries out the decision next. */
  | { readonly kind: 'instance-stepped'; readonly step: InstanceStep }
  /** The API server accepted a write of a child. */
  | ChildWritten
  /** The status of an instance was written. */
  | { readonly kind: 'instance-changed'; readonly step: InstanceStep }
  | {
      readonly kind: 'instance-passed';
      readonly served: ServedKind;
      readonly milliseconds: number;
      readonly result: WorkResult;
    }
  /** A pass ended without a step, because the roll-out has not decided yet which revision the instance follows. */
  | { readonly kind: 'instance-deferred'; readonly served: ServedKind }
  | { readonly kind: 'instance-gone'; readonly recordId: string };

/** The API server accepted an apply, the deletion or the release of a child. */
export type ChildWritten = { readonly kind: 'child-written'; readonly step: InstanceStep } & (
  | { readonly outcome: Exclude<ObjectOutcome, 'deleted' | 'orphaned'>; readonly action: ApplyAction }
  | { readonly outcome: 'deleted' | 'orphaned'; readonly action: Decisions.DeleteAction }
);

/** A pass of a definition or of an instance ended with an error. The controller retries the pass. */
export interface PassFailed {
  readonly kind: 'pass-failed';
  readonly work: WorkKey;
  readonly error: unknown;
  readonly retryInMs: number;
  /** The number of consecutive failures, including this one. */
  readonly failures: number;
}

/**
 * An event of the controller: an action or a finding. Metrics, the log, Kubernetes events and inspect reports are views
 * of these events.
 */
export type ControllerEvent = DefinitionEvent | RevisionEvent | InstanceEvent | PassFailed;

/** Receives each event as it happens. The controller does not depend on what a listener does. */
export type ControllerListener = (event: ControllerEvent) => void;
