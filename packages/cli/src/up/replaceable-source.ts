import type {
  DefinitionSummary,
  InspectEvent,
  InspectSource,
  InstanceReport,
  InstanceSummary,
} from '@typekro/controller/inspect';

/**
 * The reports of a controller that another controller can replace. Listeners stay registered. The event ids continue
 * after those of the former controller.
 */
export class ReplaceableSource implements InspectSource {
  #source: InspectSource;
  #unsubscribe: () => void;
  /** Added to the event ids of the current source. */
  #offset = 0;
  #last = 0;
  readonly #listeners = new Set<(event: InspectEvent) => void>();

  constructor(source: InspectSource) {
    this.#source = source;
    this.#unsubscribe = source.subscribe((event) => this.#emit(event));
  }

  /** Switches all reports to another source. */
  replace(source: InspectSource): void {
    this.#unsubscribe();
    this.#offset = this.#last;
    this.#source = source;
    this.#unsubscribe = source.subscribe((event) => this.#emit(event));
  }

  definitions(): readonly DefinitionSummary[] {
    return this.#source.definitions();
  }

  instances(): readonly InstanceSummary[] {
    return this.#source.instances();
  }

  report(ref: string): InstanceReport | undefined {
    return this.#source.report(ref);
  }

  eventsAfter(id: number): readonly InspectEvent[] {
    return this.#source.eventsAfter(Math.max(0, id - this.#offset)).map((event) => this.#shifted(event));
  }

  subscribe(listener: (event: InspectEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #shifted(event: InspectEvent): InspectEvent {
    return this.#offset === 0 ? event : { ...event, id: event.id + this.#offset };
  }

  #emit(event: InspectEvent): void {
    const shifted = this.#shifted(event);
    this.#last = shifted.id;
    for (const listener of this.#listeners) listener(shifted);
  }
}
