import type { InspectEvent, InspectSource } from '../inspect/index.ts';
import { createProcessMetrics } from './metrics/metrics.ts';
import { type Metric, exposition } from './metrics/exposition.ts';
import type { Controller } from './controller-options.ts';
import type { ProbeSource } from './probes.ts';

/** The name of the Lease. kro uses the same name, so that kro and this controller elect one leader in a namespace. */
export const LEASE_NAME = 'controller.kro.run';

type Listener = (event: InspectEvent) => void;

/** The source of probes and of the inspect interface. It delegates to the running controller, when there is one. */
export class CurrentController implements InspectSource, ProbeSource {
  #controller: Controller | undefined;
  /** Listeners stay subscribed when one controller ends and another starts. */
  readonly #listeners = new Map<Listener, () => void>();
  readonly #process = createProcessMetrics(() =>
    this.leads === undefined ? [] : [[{ name: LEASE_NAME }, +this.leads]],
  );
  /** Is a standby replica ready? A replica without a running controller reports this as its readiness. */
  standby: () => boolean = () => false;
  /** The reason why a standby replica is not ready. */
  missing = 'the controller has not started';
  /** Does this replica hold the Lease? `undefined` without an election. */
  leads: boolean | undefined;
  /** The metrics of the event loop and of the garbage collector, in a process that measures them. */
  runtimeMetrics: readonly Metric[] = [];

  get controller(): Controller | undefined {
    return this.#controller;
  }

  set controller(next: Controller | undefined) {
    this.#controller = next;
    for (const [listener, unsubscribe] of this.#listeners) {
      unsubscribe();
      this.#listen(listener);
    }
  }

  get ready(): boolean {
    return this.#controller === undefined ? this.standby() : this.#controller.ready;
  }

  get waitsFor(): string {
    return this.#controller === undefined
      ? this.missing
      : (this.#controller.waitsFor ?? 'the watched kinds are being read');
  }

  metricsText(): string {
    return (this.#controller?.metricsText() ?? '') + exposition([...this.#process, ...this.runtimeMetrics]);
  }

  definitions() {
    return this.#controller?.reports.definitions() ?? [];
  }

  instances() {
    return this.#controller?.reports.instances() ?? [];
  }

  report(ref: string) {
    return this.#controller?.reports.report(ref);
  }

  eventsAfter(id: number) {
    return this.#controller?.reports.eventsAfter(id) ?? [];
  }

  subscribe(listener: Listener): () => void {
    this.#listen(listener);
    return () => {
      this.#listeners.get(listener)?.();
      this.#listeners.delete(listener);
    };
  }

  #listen(listener: Listener): void {
    this.#listeners.set(listener, this.#controller?.reports.subscribe(listener) ?? (() => undefined));
  }
}
