import { signal } from '@preact/signals';
import type {
  DefinitionRow,
  InspectEvent,
  InstancePage,
  InstanceQuery,
  InstanceRow,
} from '@typekro/controller/inspect';
import { inspectPaths } from '@typekro/controller/inspect';
import type { LiveRead, Remote } from '../data/remote.ts';
import { liveRead } from '../data/session.ts';
import { isOfKind, ofInstances } from '../data/concerns.ts';

/** The number of instances on one page. */
export const PAGE_SIZE = 200;

/**
 * The pages of one list of instances. A page is read when it is shown for the first time. The shown pages, the known
 * pages next to them, and the first page are read again after changes.
 */
export class InstancePages {
  readonly #query: InstanceQuery;
  readonly #concerns: (change: InspectEvent) => boolean;
  readonly #pages = new Map<number, LiveRead<InstancePage>>();
  /**
   * This number changes when a page is added. A component that has read a row of a missing page is therefore drawn
   * again when the page is added.
   */
  readonly #version = signal(0);

  /** `kind`: the kind of all instances of the list. Absent for a list of several kinds. */
  constructor(query: InstanceQuery, kind?: Pick<DefinitionRow, 'apiVersion' | 'kind'>) {
    this.#query = query;
    this.#concerns = (change) => ofInstances(change) && isOfKind(change, kind);
    this.show([0]);
  }

  /** Reads these pages, and forgets pages far from them. The first page has the counts, and stays. */
  show(pages: readonly number[]): void {
    for (const page of pages) {
      if (this.#pages.has(page)) continue;
      const query = { ...this.#query, offset: page * PAGE_SIZE, limit: PAGE_SIZE };
      this.#pages.set(page, liveRead<InstancePage>(inspectPaths.instances(query), this.#concerns));
      this.#version.value = this.#version.peek() + 1;
    }
    for (const [page, read] of this.#pages) {
      if (page === 0 || pages.some((shown) => Math.abs(shown - page) <= 1)) continue;
      read.close();
      this.#pages.delete(page);
    }
  }

  /** The numbers of instances; undefined before the first response. */
  get facts(): Pick<InstancePage, 'total' | 'counts' | 'limits'> | undefined {
    const values = [...this.#pages.values()].flatMap((read) => {
      const { value, readAt = 0 } = read.state.value;
      return value === undefined ? [] : [{ value, readAt }];
    });
    // The pages are read at different times. The total that was read last is valid.
    return values.reduce<(typeof values)[number] | undefined>(
      (latest, entry) => (latest === undefined || entry.readAt > latest.readAt ? entry : latest),
      undefined,
    )?.value;
  }

  /** A row; undefined until its page has been read, and for a page that is not kept. */
  row(index: number): InstanceRow | undefined {
    void this.#version.value;
    const page = Math.floor(index / PAGE_SIZE);
    return this.#pages.get(page)?.state.value.value?.items[index - page * PAGE_SIZE];
  }

  /** The first page, with the error of any page whose last read failed, and the start of any read that takes long. */
  get read(): Remote<InstancePage> {
    const states = [...this.#pages.values()].map(({ state }) => state.value);
    const error = states.find((state) => state.error !== undefined)?.error;
    const slowSince = states.find((state) => state.slowSince !== undefined)?.slowSince;
    return {
      ...this.#pages.get(0)?.state.value,
      ...(error && { error }),
      ...(slowSince !== undefined && { slowSince }),
    };
  }

  close(): void {
    for (const read of this.#pages.values()) read.close();
    this.#pages.clear();
  }
}
