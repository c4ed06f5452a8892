import type { KubeObject } from '../core/index.ts';
import type { ApplyAction, Decision, DeleteAction, ObjectOutcome } from '../runtime/index.ts';
import type { Compiled } from './definition/compiler.ts';
import type { DefinitionStatus } from './definition/definition-status.ts';
import type { Definition } from './definition/definition.ts';
import type { InstanceRecord } from './instance/record.ts';
import type { WorkResult } from './queue/runner.ts';
import type { WorkKey } from './queue/work-queue.ts';
import type { ServedKind } from './served-kinds.ts';

/** An instance at one step. */
export interface InstanceStep {
  readonly record: InstanceRecord;
  readonly instance: KubeObject;
  readonly served: ServedKind;
  readonly decision: Decision;
  /** How long it took to decide. */
  readonly milliseconds: number;
}

type DefinitionEvent =
  /** A pass of a definition ended. */
  | { readonly kind: 'definition-passed'; readonly definition: Definition; readonly compiled: Compiled }
  /** A new status of a definition was written; `definition` is as it was before. */
  | { readonly kind: 'definition-changed'; readonly definition: Definition; readonly status: DefinitionStatus }
  /** A deleted definition waits for so many instances; `message` names them, present when they changed. */
  | {
      readonly kind: 'definition-held';
      readonly definition: Definition;
      readonly instances: number;
      readonly message: string | undefined;
    }
  /** The finalizer of a deleted definition was released while so many instances still exist. */
  | { readonly kind: 'definition-released'; readonly definition: Definition; readonly orphans: number }
  | { readonly kind: 'definition-gone'; readonly name: string };

type RevisionEvent =
  /** What a pass of the definition does about its revision. */
  | { readonly kind: 'revision-resolved'; readonly result: 'serve' | 'issue' | 'wait' | 'failed' }
  /** The state of a stored revision changed: it compiles, or it does not. */
  | { readonly kind: 'revision-moved'; readonly from: string; readonly to: string }
  | {
      readonly kind: 'revision-issued';
      readonly definition: Definition;
      readonly revision: number;
      readonly reason: 'no_revision' | 'spec_changed';
    }
  /** An instance asks for a revision that does not exist, or does not compile. */
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
  /** A step was decided, and is about to be carried out. */
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
  /** A pass was put off: it is not decided yet which revision the instance follows. */
  | { readonly kind: 'instance-deferred'; readonly served: ServedKind }
  | { readonly kind: 'instance-gone'; readonly recordId: string };

/** The API server accepted an apply or the deletion of a child. */
export type ChildWritten = { readonly kind: 'child-written'; readonly step: InstanceStep } & (
  | { readonly outcome: Exclude<ObjectOutcome, 'deleted'>; readonly action: ApplyAction }
  | { readonly outcome: 'deleted'; readonly action: DeleteAction }
);

/** A pass of a definition or of an instance ended with an error, and is tried again. */
export interface PassFailed {
  readonly kind: 'pass-failed';
  readonly work: WorkKey;
  readonly error: unknown;
  readonly retryInMs: number;
  /** Failures in a row, this one counted. */
  readonly failures: number;
}

/** Something that the controller did or found. Metrics, logs, Kubernetes events and inspect reports are views of these. */
export type ControllerEvent = DefinitionEvent | RevisionEvent | InstanceEvent | PassFailed;

/** Receives each event when it happens. Nothing of the controller depends on what a listener does. */
export type ControllerListener = (event: ControllerEvent) => void;
