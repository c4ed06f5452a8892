import { closeSync, constants, fsyncSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import {
  errorCode,
  isJsonObject,
  makeDirectory,
  NO_FOLLOW,
  openRegularFile,
  parseJson,
  readRegularFile,
  stringifyJson,
  TypeKroError,
} from '@typekro/kit/core';
import { callEach } from './call-each.ts';
import { lacksDescriptors } from './errors/missing-program.ts';
import { keyOfObject } from './controllers/simulated-controller.ts';
import type { ClusterSnapshot, SnapshotCollection, SnapshotContext } from './snapshot.ts';
import { restoreSnapshot, snapshotCluster } from './snapshot.ts';
import type { BootstrapContext } from './bootstrap.ts';
import { versionOf } from './release.ts';
import { LogFile, writeAll } from './state-log.ts';
import { type Change, type Journal, NotStored, throwOthersThanNotStored } from './store/journal.ts';
import { adoptRelease, inThisRelease } from './adopt-release.ts';

/** The minimum size in bytes at which a log is merged into the state. */
const MIN_FOLD_BYTES = 4 * 1024 * 1024;

/** The content to store, and the function that reports failed writes. */
export type PersistenceContext = SnapshotContext & BootstrapContext & { readonly report: (thrown: unknown) => void };

/** The state of a cluster that is stored in files. */
export interface KeptState {
  /** The reason why the last change was refused; `undefined` when the change was stored. */
  readonly problem: string | undefined;
}

/** Reads and writes the files with a cluster's state. */
class Persistence implements Journal, KeptState {
  readonly #context: PersistenceContext;
  readonly #state: string;
  readonly #log: LogFile;
  /** The checksum of the last line of the log; 0 for an empty log. */
  #checksum = 0;
  /** The size of the log in bytes at which it is merged into the state. */
  #foldSize = MIN_FOLD_BYTES;
  /** Has the latest merge of the log failed? */
  #isUnmerged = false;
  #problem: string | undefined;

  constructor(context: PersistenceContext, directory: string) {
    this.#context = context;
    makeDirectory(directory);
    this.#state = join(directory, 'state.jsonl');
    this.#log = new LogFile(join(directory, 'log.jsonl'), this.#state);
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * Restores the content of the files, and continues the log. Other parts of the cluster change objects during the
   * restore. For example, each process creates a new authority for requests to other API servers, and writes its
   * certificate into a ConfigMap. These changes are appended to the log like all later changes. If they cannot be
   * stored, e.g. because the disk is full, the start still succeeds with the stored objects.
   */
  start(): void {
    const context = this.#context;
    const [state, log] = [this.#state, this.#log.path].map((path) => {
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined || stats.isFile()) return stats;
      const what = stats.isSymbolicLink() ? 'symbolic link' : 'folder, a device or a pipe';
      throw unreadable(`${path} is a ${what}, not a file`, 'nothing was written; move it away');
    });
    // A draft exists when an earlier process ended while it wrote a file.
    for (const path of [this.#state, this.#log.path]) rmSync(draftOf(path), { force: true });
    context.work.onStop(() => this.#log.close());
    if (state !== undefined) {
      // The log is always made together with the state file.
      if (log === undefined) throw unreadable(`${this.#log.path} is missing next to ${this.#state}`);
      this.#takeLog();
      const { snapshot, logSize, release } = this.#read();
      // Bytes after the last complete line belong to a line that was written only partly.
      this.#log.continueAt(logSize);
      const isSame = release === versionOf(context.registry.release);
      const collections = isSame ? snapshot.collections : inThisRelease(context.registry, snapshot.collections);
      context.work.onStop(context.store.keepIn(this));
      restoreSnapshot(context, { ...snapshot, collections });
      // A change that cannot be stored now is repeated at the next start.
      throwOthersThanNotStored(callEach([() => adoptRelease(context)]));
      if (!isSame) this.#mergeLog();
    } else {
      // A process that ended at its first start has left an empty log. Any other log has a state file.
      if ((log?.size ?? 0) > 0) throw unreadable(`${this.#state} is missing next to ${this.#log.path}`);
      this.#log.create();
      this.#fold();
      context.work.onStop(context.store.keepIn(this));
    }
    context.beforeRestore.push((snapshot) => {
      // After this cluster is closed, the next cluster may already use the files.
      if (this.#log.isClosed) return;
      const version = context.store.versionAfterReset(Number(snapshot.resourceVersion));
      this.#orRefuse(() => {
        // Another program may have removed the directory; this call creates it again.
        this.#log.isWhole();
        this.#writeState(version, snapshot.collections);
      });
    });
  }

  /**
   * Replaces the log with its copy. A process that still has the old file open then stores nothing more: it finds
   * another file at the path. On a full disk, the log stays.
   */
  #takeLog(): void {
    try {
      replaceFile(this.#log.path, (file) => void writeAll(file, readRegularFile(this.#log.path, NO_FOLLOW)));
    } catch (thrown) {
      if (!isFull(thrown)) throw thrown;
    }
  }

  /** Appends a change to the log, before the change is applied in memory. */
  keep({ version, of }: Change): void {
    const entry: JsonObject = of === undefined ? { version } : { version, ...of, object: of.object };
    this.#orRefuse(() => {
      // If another program has removed or changed the files, they are written again from memory, which has the whole
      // content.
      if (!this.#log.isWhole()) this.#fold();
      else if (this.#log.size > this.#foldSize) this.#mergeLog();
      const next = line(entry, this.#checksum);
      this.#log.append(next.text);
      this.#checksum = next.checksum;
    });
  }

  /** Runs `write`, which writes files. If it fails, the change is refused, and the next change tries again. */
  #orRefuse(write: () => void): void {
    try {
      write();
    } catch (thrown) {
      const refusal = refusalFor(thrown, this.#log.path);
      // Only the first of several failures in a row is reported, because every change fails while the disk is full.
      if (this.#problem === undefined) {
        const what = 'store a change of the cluster; the cluster refuses changes until it can store them';
        const { remedy } = refusal;
        this.#context.report(TypeKroError.from(thrown, { code: 'cluster/state-not-kept', what, remedy }));
      }
      this.#problem = refusal.error.message;
      throw refusal.error;
    }
    this.#problem = undefined;
  }

  /**
   * Reads the files. Returns their content, the size of the log's complete lines in bytes, and the Kubernetes version
   * of the last server. `release` is empty when an earlier release of this project wrote the state without this
   * version.
   */
  #read(): { readonly snapshot: ClusterSnapshot; readonly logSize: number; readonly release: string } {
    const objects = new Map<string, { group: string; plural: string; items: Map<string, KubeObject> }>();
    const itemsOf = (group: string, plural: string) => {
      const id = `${plural}.${group}`;
      let entry = objects.get(id);
      if (entry === undefined) objects.set(id, (entry = { group, plural, items: new Map() }));
      return entry.items;
    };
    const [head, ...lines] = linesOf(this.#state, readRegularFile(this.#state, NO_FOLLOW)).map(({ value }) => value);
    const stateVersion = head?.['version'];
    if (head === undefined || typeof stateVersion !== 'number')
      throw unreadable(`${this.#state} has no first line with the version of a cluster's state`);
    const release = textIn(head, 'kubernetes');
    // A state of an earlier release of this project does not have the number of its objects.
    const { objects: expected = lines.length } = head;
    if (expected !== lines.length) {
      const numbers = `${lines.length} objects, and its first line says ${stringifyJson(expected)}`;
      throw unreadable(`${this.#state} has ${numbers}`);
    }
    for (const [index, line] of lines.entries()) {
      const object = objectIn(line['object']);
      // `index` does not count the first line of the file.
      if (object === undefined) throw notPartOfState(this.#state, index + 2);
      itemsOf(textIn(line, 'group'), textIn(line, 'plural')).set(keyOfObject(object), object);
    }
    let version = stateVersion;
    const log = readRegularFile(this.#log.path, NO_FOLLOW);
    // The last line may be incomplete. In this case its client got no response, so the line can be dropped.
    const logSize = log.lastIndexOf(LINE_FEED) + 1;
    let number = 0;
    for (const { value: line, checksum } of linesOf(this.#log.path, log.subarray(0, logSize))) {
      number += 1;
      this.#checksum = checksum;
      const written = line['version'];
      if (typeof written !== 'number' || !isChange(line)) throw notPartOfState(this.#log.path, number);
      // If a process ended after it wrote the state and before it emptied the log, the log repeats writes that the
      // state contains. Each line is compared only with the version of the state, because logs of earlier releases are
      // not always sorted by version.
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

  /** Writes the present content into a new state file, and empties the log. */
  #fold(): void {
    const { resourceVersion, collections } = snapshotCluster(this.#context);
    this.#writeState(Number(resourceVersion), collections);
  }

  /**
   * Merges the log into the state. If this fails, the log still has all changes, and continues to grow. Only the first
   * of several failures in a row is reported.
   */
  #mergeLog(): void {
    try {
      this.#fold();
      this.#isUnmerged = false;
    } catch (thrown) {
      this.#foldSize = this.#log.size + MIN_FOLD_BYTES;
      if (this.#isUnmerged) return;
      this.#isUnmerged = true;
      const what = `merge ${this.#log.path} into ${this.#state}; the log keeps all changes, and grows`;
      const remedy = remedyFor(thrown, this.#state);
      this.#context.report(TypeKroError.from(thrown, { code: 'cluster/state-not-merged', what, remedy }));
    }
  }

  /**
   * Replaces the state file with a file that has this content, and empties the log. If a write fails, both files keep
   * their content.
   */
  #writeState(version: number, collections: readonly SnapshotCollection[]): void {
    let size = 0;
    replaceFile(this.#state, (file) => {
      const kubernetes = versionOf(this.#context.registry.release);
      const objects = collections.reduce((sum, { items }) => sum + items.length, 0);
      let { text, checksum } = line({ version, kubernetes, objects }, 0);
      size += writeAll(file, text);
      for (const { group, plural, items } of collections) {
        const lines = items.map((object) => {
          ({ text, checksum } = line({ group, plural, object }, checksum));
          return text;
        });
        size += writeAll(file, lines.join(''));
      }
    });
    this.#log.continueAt(0);
    this.#checksum = 0;
    this.#foldSize = Math.max(MIN_FOLD_BYTES, size);
  }
}

/** Replaces a file in one step. If this fails, the file keeps its content. */
function replaceFile(path: string, write: (file: number) => void): void {
  const draft = draftOf(path);
  try {
    const file = openRegularFile(draft, DRAFT, 0o600);
    try {
      write(file);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (thrown) {
    // The incomplete draft is removed because it takes space that the log needs.
    rmSync(draft, { force: true });
    throw thrown;
  }
}

const draftOf = (path: string): string => `${path}.new`;

const isFull = (thrown: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(errorCode(thrown) ?? '');

/** The error for a change that cannot be stored, and the remedy for the user. */
function refusalFor(thrown: unknown, file: string): { readonly error: NotStored; readonly remedy: string } {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const remedy = remedyFor(thrown, file);
  // Clients recognize etcd's message for storage without space.
  const known = isFull(thrown) ? 'etcdserver: mvcc: database space exceeded: ' : '';
  const message = `${known}the change cannot be stored in ${file}: ${reason}; ${remedy}, and try again`;
  return { error: new NotStored(message, thrown), remedy };
}

function remedyFor(thrown: unknown, file: string): string {
  if (isFull(thrown)) return 'make room on the disk';
  if (lacksDescriptors(thrown)) return 'close connections, or start with a higher limit of open files (ulimit -n)';
  return errorCode(thrown) === 'ESTALE' ? 'stop this cluster, start it again' : `make ${file} writable`;
}

/**
 * Loads the content of a directory into the cluster, and then writes every change to the directory. `state.jsonl` has
 * all objects at one resource version, one per line. `log.jsonl` has the later writes, one per line. Each line has a
 * checksum. A line is written before the change is applied in memory, and an incomplete last line is dropped. A long log is merged into a new state
 * file, which replaces the old state file atomically. Every acknowledged write therefore survives if the process ends
 * at any point. A change that cannot be written is refused, so memory never has changes that the files lack. Pod logs
 * and token keys are not stored.
 *
 * @throws TypeKroError `cluster/state-unreadable` when a line of these files is damaged or not part of a cluster's state, or
 *   the state lacks lines or is missing.
 */
export function keepState(context: PersistenceContext, directory: string): KeptState {
  const persistence = new Persistence(context, directory);
  persistence.start();
  return persistence;
}

/** A line of a file, and its checksum. */
interface Line {
  readonly text: string;
  readonly checksum: number;
}

/**
 * Makes a line, whose first member is the CRC-32 of its other members. The checksum continues that of the line before
 * (0 for the first line), so that a damaged, removed or moved line is noticed.
 */
function line(value: JsonObject, before: number): Line {
  const members = stringifyJson(value).slice(1);
  const checksum = crc32(members, before);
  return { text: `{"crc":"${checksum.toString(16).padStart(8, '0')}",${members}\n`, checksum };
}

/** Returns the checksum of a line; 0 for a line of an earlier release of this project, which has none. */
function checksumOf(text: string, before: number, file: string, number: number): number {
  const written = /^\{"crc":"([\da-f]{8})",/.exec(text);
  if (written === null) return 0;
  const checksum = crc32(text.slice(written[0].length), before);
  if (checksum === Number.parseInt(written[1] ?? '', 16)) return checksum;
  throw unreadable(`line ${number} of ${file} is damaged, or lines before it are missing: its checksum is wrong`);
}

const textIn = (value: JsonObject, name: string): string => {
  const text = value[name];
  return typeof text === 'string' ? text : '';
};

/** Is a line of the log well-formed: a compaction, or the change or deletion of an object? */
const isChange = ({ plural, key, object }: JsonObject): boolean =>
  plural === undefined || objectIn(object) !== undefined || (typeof key === 'string' && (object ?? null) === null);

function objectIn(value: JsonValue | undefined): KubeObject | undefined {
  return isJsonObject(value) && isJsonObject(value['metadata']) ? (value as KubeObject) : undefined;
}

const LINE_FEED = 10;

/**
 * Returns the JSON object and the checksum of each line. Throws when a line is not a JSON object, when its checksum is
 * wrong, or when the last line has no line feed.
 */
function linesOf(file: string, content: Buffer): { readonly value: JsonObject; readonly checksum: number }[] {
  const lines = content.toString('utf8').split('\n');
  if (lines.pop() !== '') throw notPartOfState(file, lines.length + 1);
  let checksum = 0;
  return lines.map((text, index) => {
    let value: JsonValue;
    try {
      value = parseJson(text);
    } catch (thrown) {
      if (thrown instanceof SyntaxError) throw notPartOfState(file, index + 1);
      throw thrown;
    }
    if (!isJsonObject(value)) throw notPartOfState(file, index + 1);
    checksum = checksumOf(text, checksum, file, index + 1);
    return { value, checksum };
  });
}

const notPartOfState = (file: string, number: number): TypeKroError =>
  unreadable(`line ${number} of ${file} is not part of a cluster's state`);

const DRAFT = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | NO_FOLLOW;

const RESTORE = 'restore the file, or remove the directory and begin with an empty cluster';

const unreadable = (message: string, remedy = RESTORE): TypeKroError =>
  new TypeKroError(message, { code: 'cluster/state-unreadable', remedy });
