import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { JsonObject, JsonValue, KubeObject } from '../core/index.ts';
import { isJsonObject, makeDirectory, parseJson, stringifyJson, TypeKroError } from '../core/index.ts';
import { keyOfObject } from './controllers/controller.ts';
import type { ClusterSnapshot, SnapshotContext } from './snapshot.ts';
import { restoreSnapshot, snapshotCluster } from './snapshot.ts';
import type { BootstrapContext } from './bootstrap.ts';
import { versionOf } from './release.ts';
import type { StoreEvent } from './store/store.ts';
import { adoptRelease, inThisRelease } from './upgrade.ts';

/** The minimum size in bytes at which a log is merged into the state. */
const MIN_FOLD_BYTES = 4 * 1024 * 1024;

/** The content to keep, and the function that reports failed writes. */
export type PersistenceContext = SnapshotContext &
  BootstrapContext & {
    readonly report: (thrown: unknown) => void;
  };

/** The files with a cluster's state, and the writes to them. */
class Persistence {
  readonly #context: PersistenceContext;
  readonly #state: string;
  readonly #draft: string;
  readonly #log: string;
  #file: number | undefined;
  #stateSize = 0;
  #logSize = 0;

  constructor(context: PersistenceContext, directory: string) {
    this.#context = context;
    makeDirectory(directory);
    this.#state = join(directory, 'state.jsonl');
    this.#draft = `${this.#state}.new`;
    this.#log = join(directory, 'log.jsonl');
  }

  /**
   * Restores the content of the files, and continues their log. A start therefore writes nothing, unless the log is
   * long. Changes that other parts of the cluster make during the restore are appended like all later changes.
   */
  start(): void {
    const context = this.#context;
    // A process that ended while it wrote a state leaves a draft.
    rmSync(this.#draft, { force: true });
    const unsubscribe = context.store.subscribe((event) => this.#appendEvent(event));
    const unsubscribeCompactions = context.store.onCompaction((version) => this.#append({ version }));
    context.work.onStop(() => {
      unsubscribe();
      unsubscribeCompactions();
      this.#close();
    });
    if (existsSync(this.#state)) {
      const { snapshot, logSize, release } = this.#read();
      this.#stateSize = statSync(this.#state).size;
      this.#logSize = logSize;
      this.#file = openSync(this.#log, 'a', 0o600);
      // Bytes after the last complete line are the start of a line that was not written to its end.
      ftruncateSync(this.#file, logSize);
      const isSame = release === versionOf(context.registry.release);
      const collections = isSame ? snapshot.collections : inThisRelease(context.registry, snapshot.collections);
      restoreSnapshot(context, { ...snapshot, collections });
      adoptRelease(context);
      if (isSame) this.#foldLongLog();
      else this.#fold();
    } else this.#fold();
    context.onRestored.push(() => {
      if (this.#file !== undefined) this.#fold();
    });
  }

  /**
   * The content of the files, the number of bytes of the complete lines of the log, and the version of Kubernetes of
   * the last server. A state of an earlier release of this project does not name this version; `release` is then empty.
   */
  #read(): { readonly snapshot: ClusterSnapshot; readonly logSize: number; readonly release: string } {
    const objects = new Map<string, { group: string; plural: string; items: Map<string, KubeObject> }>();
    const itemsOf = (group: string, plural: string) => {
      const id = `${plural}.${group}`;
      let entry = objects.get(id);
      if (entry === undefined) objects.set(id, (entry = { group, plural, items: new Map() }));
      return entry.items;
    };
    let stateVersion = 0;
    let release = '';
    for (const line of linesOf(this.#state, readFileSync(this.#state))) {
      if (typeof line['version'] === 'number') {
        stateVersion = line['version'];
        release = textIn(line, 'kubernetes');
      }
      const object = objectIn(line['object']);
      if (object !== undefined) itemsOf(textIn(line, 'group'), textIn(line, 'plural')).set(keyOfObject(object), object);
    }
    let version = stateVersion;
    const log = existsSync(this.#log) ? readFileSync(this.#log) : Buffer.alloc(0);
    // The last line may be incomplete. Its client then got no answer.
    const logSize = log.lastIndexOf(LINE_FEED) + 1;
    for (const line of linesOf(this.#log, log.subarray(0, logSize))) {
      const written = Number(line['version']);
      // The log may repeat writes that the state contains, when a process ended after it wrote the state and before it
      // emptied the log. Each line is compared only with the version of the state, because logs of earlier releases are
      // not always in the order of versions.
      if (written <= stateVersion) continue;
      version = Math.max(version, written);
      // A compaction has a version and no object.
      if (line['plural'] === undefined) continue;
      const items = itemsOf(textIn(line, 'group'), textIn(line, 'plural'));
      const object = objectIn(line['object']);
      if (object === undefined) items.delete(textIn(line, 'key'));
      else items.set(keyOfObject(object), object);
    }
    const collections = [...objects.values()].map(({ group, plural, items }) => {
      const sorted = [...items].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
      return { group, plural, items: sorted };
    });
    return { snapshot: { resourceVersion: String(version), collections, logs: [] }, logSize, release };
  }

  /** Writes a new state file and empties the log. */
  #fold(): void {
    const { resourceVersion, collections } = snapshotCluster(this.#context);
    const file = openSync(this.#draft, 'w', 0o600);
    let size = 0;
    try {
      size += writeAll(
        file,
        line({ version: Number(resourceVersion), kubernetes: versionOf(this.#context.registry.release) }),
      );
      for (const { group, plural, items } of collections) {
        const lines = items.map((object) => line({ group, plural, object: object as unknown as JsonObject }));
        size += writeAll(file, lines.join(''));
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(this.#draft, this.#state);
    this.#file ??= openSync(this.#log, 'a', 0o600);
    ftruncateSync(this.#file, 0);
    this.#stateSize = size;
    this.#logSize = 0;
  }

  #foldLongLog(): void {
    if (this.#logSize > Math.max(MIN_FOLD_BYTES, this.#stateSize)) this.#fold();
  }

  #appendEvent({ type, collection, stored }: StoreEvent): void {
    const { group, plural } = collection;
    const object = type === 'DELETED' ? null : (stored.object as unknown as JsonObject);
    this.#append({ version: stored.version, group, plural, key: stored.key, object });
  }

  #append(entry: JsonObject): void {
    if (this.#file === undefined) return;
    try {
      this.#logSize += writeAll(this.#file, line(entry));
      this.#foldLongLog();
    } catch (error) {
      // The write of the object itself has succeeded. The cluster continues, but keeps no further writes.
      this.#close();
      const what = 'keep the state of the cluster; later changes are lost when the cluster ends';
      this.#context.report(
        TypeKroError.from(error, { code: 'cluster/state-not-kept', what, remedy: 'make room on the disk' }),
      );
    }
  }

  #close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/**
 * Loads the content of a directory into the cluster, and then writes every change to the directory. `state.jsonl` has
 * all objects at one version, one per line. `log.jsonl` has the later writes, one per line; a line is written before
 * the client gets its answer. An incomplete line at its end is dropped. A log that becomes long is merged into a new
 * state, which replaces the old state atomically. Every answered write therefore survives an end of the process at any
 * point. Logs of pods and keys of tokens are not kept.
 *
 * @throws TypeKroError `cluster/state-unreadable` when the directory holds other content.
 */
export function keepState(context: PersistenceContext, directory: string): void {
  new Persistence(context, directory).start();
}

const line = (value: JsonObject): string => `${stringifyJson(value)}\n`;

function writeAll(file: number, text: string): number {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset < bytes.length;) offset += writeSync(file, bytes, offset);
  return bytes.length;
}

const textIn = (value: JsonObject, name: string): string => {
  const text = value[name];
  return typeof text === 'string' ? text : '';
};

function objectIn(value: JsonValue | undefined): KubeObject | undefined {
  return isJsonObject(value) && isJsonObject(value['metadata']) ? (value as unknown as KubeObject) : undefined;
}

const LINE_FEED = 10;

/** The lines of a file with this content, each with its line feed. */
function* linesOf(file: string, content: Buffer): Generator<JsonObject> {
  const lines = content.toString('utf8').split('\n');
  if (lines.pop() !== '') throw unreadable(file, lines.length + 1);
  for (const [index, text] of lines.entries()) {
    let parsed: JsonValue;
    try {
      parsed = parseJson(text);
    } catch (thrown) {
      if (thrown instanceof SyntaxError) throw unreadable(file, index + 1);
      throw thrown;
    }
    if (!isJsonObject(parsed)) throw unreadable(file, index + 1);
    yield parsed;
  }
}

function unreadable(file: string, number: number): TypeKroError {
  return new TypeKroError(`line ${number} of ${file} is not part of a cluster's state`, {
    code: 'cluster/state-unreadable',
    remedy: 'restore the file, or remove the directory and begin with an empty cluster',
  });
}
