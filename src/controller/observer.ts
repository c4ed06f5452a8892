import type { KubeObject } from '../core/index.ts';
import type { ApplyAction, Decision, DeleteAction } from '../runtime/index.ts';
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

/** Something that happened to a stored revision besides a change of its state. */
export type RevisionEvent = 'retired' | 'retire-failed' | 'released' | 'evicted' | 'status-failed';

/** Who is told of what the controller does: reports, metrics, events, logs. Nothing depends on it. */
export interface ControllerObserver {
  definitionPassed(definition: Definition, compiled: Compiled): void;
  /** A new status of a definition was written; `definition` is as it was before. */
  definitionChanged(definition: Definition, status: DefinitionStatus): void;
  /** A deleted definition waits for so many instances; `message` says for which when that changed. */
  definitionHeld(definition: Definition, instances: number, message: string | undefined): void;
  /** What a pass did about revisions. */
  revisionResolved(result: 'serve' | 'issue' | 'wait' | 'failed'): void;
  /** A revision was found to compile, or not to, where it was unknown or otherwise before. */
  revisionMoved(from: string, to: string): void;
  revisionHappened(event: RevisionEvent): void;
  /** A revision was asked for that is not there, or does not compile. */
  revisionMissed(): void;
  revisionIssued(definition: Definition, revision: number, reason: 'no_revision' | 'spec_changed'): void;
  /** A deleted definition was let go while so many instances still exist. */
  definitionReleased(definition: Definition, orphans: number): void;
  definitionGone(name: string): void;
  /** A step was decided, and is about to be carried out. */
  instanceStepped(step: InstanceStep): void;
  /** A child was written, and the server took it. */
  childApplied(step: InstanceStep, action: ApplyAction): void;
  childDeleted(step: InstanceStep, action: DeleteAction): void;
  /** The status of an instance was written. */
  instanceChanged(step: InstanceStep): void;
  instancePassed(served: ServedKind, milliseconds: number, result: WorkResult): void;
  /** A pass was put off: it is not decided yet which revision the instance follows. */
  instancePutOff(served: ServedKind): void;
  instanceGone(recordId: string): void;
  passFailed(work: WorkKey, error: unknown, retryInMs: number, failures: number): void;
}
