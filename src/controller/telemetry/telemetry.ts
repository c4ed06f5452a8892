import type { ApplyAction, DeleteAction } from '../../runtime/index.ts';
import type { Compiled } from '../definition/compiler.ts';
import type { DefinitionStatus } from '../definition/definition-status.ts';
import type { Definition } from '../definition/definition.ts';
import type { ControllerObserver, InstanceStep, RevisionEvent } from '../observer.ts';
import type { WorkResult } from '../queue/runner.ts';
import type { WorkKey } from '../queue/work-queue.ts';
import type { ServedKind } from '../served-kinds.ts';

/** Tells everybody who wants to hear: metrics, Kubernetes events, the log, the inspect interface. */
export class Telemetry implements ControllerObserver {
  readonly #tellers: readonly Partial<ControllerObserver>[];

  constructor(tellers: readonly Partial<ControllerObserver>[]) {
    this.#tellers = tellers;
  }

  definitionPassed(definition: Definition, compiled: Compiled): void {
    for (const teller of this.#tellers) teller.definitionPassed?.(definition, compiled);
  }

  definitionChanged(definition: Definition, status: DefinitionStatus): void {
    for (const teller of this.#tellers) teller.definitionChanged?.(definition, status);
  }

  definitionHeld(definition: Definition, instances: number, message: string | undefined): void {
    for (const teller of this.#tellers) teller.definitionHeld?.(definition, instances, message);
  }

  revisionResolved(result: 'serve' | 'issue' | 'wait' | 'failed'): void {
    for (const teller of this.#tellers) teller.revisionResolved?.(result);
  }

  revisionMoved(from: string, to: string): void {
    for (const teller of this.#tellers) teller.revisionMoved?.(from, to);
  }

  revisionHappened(event: RevisionEvent): void {
    for (const teller of this.#tellers) teller.revisionHappened?.(event);
  }

  revisionMissed(): void {
    for (const teller of this.#tellers) teller.revisionMissed?.();
  }

  revisionIssued(definition: Definition, revision: number, reason: 'no_revision' | 'spec_changed'): void {
    for (const teller of this.#tellers) teller.revisionIssued?.(definition, revision, reason);
  }

  definitionReleased(definition: Definition, orphans: number): void {
    for (const teller of this.#tellers) teller.definitionReleased?.(definition, orphans);
  }

  definitionGone(name: string): void {
    for (const teller of this.#tellers) teller.definitionGone?.(name);
  }

  instanceStepped(step: InstanceStep): void {
    for (const teller of this.#tellers) teller.instanceStepped?.(step);
  }

  childApplied(step: InstanceStep, action: ApplyAction): void {
    for (const teller of this.#tellers) teller.childApplied?.(step, action);
  }

  childDeleted(step: InstanceStep, action: DeleteAction): void {
    for (const teller of this.#tellers) teller.childDeleted?.(step, action);
  }

  instanceChanged(step: InstanceStep): void {
    for (const teller of this.#tellers) teller.instanceChanged?.(step);
  }

  instancePassed(served: ServedKind, milliseconds: number, result: WorkResult): void {
    for (const teller of this.#tellers) teller.instancePassed?.(served, milliseconds, result);
  }

  instancePutOff(served: ServedKind): void {
    for (const teller of this.#tellers) teller.instancePutOff?.(served);
  }

  instanceGone(recordId: string): void {
    for (const teller of this.#tellers) teller.instanceGone?.(recordId);
  }

  passFailed(work: WorkKey, error: unknown, retryInMs: number, failures: number): void {
    for (const teller of this.#tellers) teller.passFailed?.(work, error, retryInMs, failures);
  }
}
