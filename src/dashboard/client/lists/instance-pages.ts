import { signal } from '@preact/signals';
import type { InstancePage, InstanceQuery, InstanceRow } from '../../../inspect/index.ts';
import { inspectPaths } from '../../../inspect/index.ts';
import type { ApiError } from '../data/api.ts';
import type { LiveRead } from '../data/remote.ts';
import { liveRead } from '../data/session.ts';
import { ofInstances } from '../data/use-remote.ts';

/** The number of instances of one read. */
export const PAGE_SIZE = 200;

/** The pages of one list of instances. Only the shown pages are read, and are read again after changes. */
export class InstancePages {
  readonly #query: InstanceQuery;
  readonly #pages = new Map<number, LiveRead<InstancePage>>();
  /**
   * This number changes with the set of pages. A component that reads a row therefore also follows a page that is added
   * later.
   */
  readonly #version = signal(0);

  constructor(query: InstanceQuery) {
    this.#query = query;
    this.show([0]);
  }

  /** Reads these pages, and forgets pages far from them. The first page has the counts, and stays. */
  show(pages: readonly number[]): void {
    for (const page of pages) {
      if (this.#pages.has(page)) continue;
      const query = { ...this.#query, offset: page * PAGE_SIZE, limit: PAGE_SIZE };
      this.#pages.set(page, liveRead<InstancePage>(inspectPaths.instances(query), ofInstances));
      this.#version.value = this.#version.peek() + 1;
    }
    for (const [page, read] of this.#pages) {
      if (page === 0 || pages.some((shown) => Math.abs(shown - page) <= 1)) continue;
      read.close();
      this.#pages.delete(page);
    }
  }

  /** The numbers of instances; undefined before the first answer. */
  get facts(): Pick<InstancePage, 'total' | 'counts'> | undefined {
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

  /** A row; undefined while its page is read. */
  row(index: number): InstanceRow | undefined {
    void this.#version.value;
    const page = Math.floor(index / PAGE_SIZE);
    return this.#pages.get(page)?.state.value.value?.items[index - page * PAGE_SIZE];
  }

  /** Why the first page could not be read. */
  get error(): ApiError | undefined {
    return this.#pages.get(0)?.state.value.error;
  }

  close(): void {
    for (const read of this.#pages.values()) read.close();
    this.#pages.clear();
  }
}
