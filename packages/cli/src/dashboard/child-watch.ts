import { definedMembers } from '@typekro/kit/core';
import type { KubernetesApi } from '@typekro/kube';
import type { ChildSelection } from './child-selections.ts';
import { keyOf, watchFailure, watchKind } from './watched-kind.ts';

/** The options of a `ChildWatch`. */
export interface ChildWatchOptions {
  readonly api: Pick<KubernetesApi, 'watch'>;
  readonly selection: ChildSelection;
  /**
   * Called after each change of a selected object. The argument is the part of a sentence that follows the name of the
   * object's kind, such as `was removed`.
   */
  readonly changed: (what: string) => void;
  /**
   * Called after each change of `note`. The argument is the part of a sentence that follows the name of the kind, such
   * as `is not followed`.
   */
  readonly noted: (what: string) => void;
}

/** One watch of the metadata of objects, from its construction to `end`. */
export class ChildWatch {
  readonly #ending = new AbortController();
  readonly #finished: Promise<void>;
  readonly #kind: string;
  #only: ReadonlySet<string> | undefined;
  #failure: string | undefined;

  constructor({ api, selection, changed, noted }: ChildWatchOptions) {
    const { type, seen, unread, namespace, labelSelector, fieldSelector } = selection;
    const versions = new Map(seen);
    this.#kind = type.kind;
    this.#only = selection.only;
    this.#finished = watchKind(
      api,
      type,
      {
        changed: (object, isFirst) => {
          const key = keyOf(object);
          const version = object.metadata.resourceVersion ?? '';
          const before = versions.get(key);
          versions.set(key, version);
          const isNotKnown = isFirst && (seen === undefined || unread?.has(key) === true);
          // A list after a lost connection repeats objects that did not change.
          if (before !== version && !isNotKnown && this.#isSelected(key)) changed('changed');
        },
        removed: (key) => {
          versions.delete(key);
          if (this.#isSelected(key)) changed('was removed');
        },
        failed: (error) => {
          const failure = error === undefined ? undefined : watchFailure(error);
          if (failure === this.#failure) return;
          this.#failure = failure;
          if (!this.#ending.signal.aborted) noted(failure === undefined ? 'is followed again' : 'is not followed');
        },
      },
      () => undefined,
      this.#ending.signal,
      {
        known: versions.keys(),
        selection: { metadataOnly: true, ...definedMembers({ namespace, labelSelector, fieldSelector }) },
      },
    );
  }

  /** A sentence about the changes that the watch cannot report at present; undefined when it reports all changes. */
  get note(): string | undefined {
    return this.#failure === undefined ? undefined : `changes of ${this.#kind} are not followed: ${this.#failure}`;
  }

  /**
   * From now on, also reports the objects of another selection, whose key must equal the key of this watch's selection.
   */
  extend({ only }: ChildSelection): void {
    this.#only = only === undefined || this.#only === undefined ? undefined : new Set([...this.#only, ...only]);
  }

  /** Ends the watch. Resolves when its connection is closed. */
  end(): Promise<void> {
    this.#ending.abort();
    return this.#finished;
  }

  #isSelected(key: string): boolean {
    return !this.#ending.signal.aborted && this.#only?.has(key) !== false;
  }
}
