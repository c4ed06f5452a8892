import type { Hash } from 'node:crypto';
import type { ClusterSnapshot, SnapshotCollection, SnapshotLog } from '@typekro/cluster';
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { cryptoLibrary, isJsonObject, stringifyJson, tryParseJson, TypeKroError } from '@typekro/kit/core';
import { type Shape, isTooDeepValue, kubeObject, listWith, number, record, text } from '@typekro/app/plan';

/** The `kind` in the first line of a state file, which contains the whole content of a cluster. */
export const STATE_FILE_KIND = 'TypeKroClusterState';

/** The first line of the file. */
export interface StateFileHead {
  readonly schemaVersion: 1;
  readonly kind: typeof STATE_FILE_KIND;
  /** The minor version of Kubernetes, e.g. `1.36`. */
  readonly kubernetesVersion: string;
  /** The name of the cluster. */
  readonly cluster: string;
  /** The time of the snapshot, ISO 8601. */
  readonly takenAt: string;
  readonly resourceVersion: string;
  /** The number of objects. */
  readonly objects: number;
}

/** A file with the whole content of a cluster. */
export interface StateFile {
  readonly head: StateFileHead;
  readonly snapshot: ClusterSnapshot;
}

/** The number of objects of a snapshot. */
export const objectsInState = ({ collections }: Pick<ClusterSnapshot, 'collections'>): number =>
  collections.reduce((sum, { items }) => sum + items.length, 0);

/** The members of the head that cannot be derived from the content. */
export type StateFileOrigin = Pick<StateFileHead, 'cluster' | 'kubernetesVersion' | 'takenAt'>;

/**
 * The lines of a file, each with its line feed. The first line is the head. One line per object and one line per pod
 * log follow. The last line has the SHA-256 of all bytes before it, so that a reader recognizes a file that was
 * truncated or changed.
 */
export function* stateLines(snapshot: ClusterSnapshot, origin: StateFileOrigin): Generator<string> {
  const hash = cryptoLibrary().createHash('sha256');
  const lineOf = (value: JsonObject): string => {
    const line = `${stringifyJson(value)}\n`;
    hash.update(line);
    return line;
  };
  const { cluster, kubernetesVersion, takenAt } = origin;
  yield lineOf({
    schemaVersion: 1,
    kind: STATE_FILE_KIND,
    kubernetesVersion,
    cluster,
    takenAt,
    resourceVersion: snapshot.resourceVersion,
    objects: objectsInState(snapshot),
  });
  for (const { group, plural, items } of snapshot.collections) {
    for (const object of items) yield lineOf({ group, plural, object });
  }
  for (const log of snapshot.logs) yield lineOf({ log: log as unknown as JsonValue });
  yield `${stringifyJson({ sha256: hash.digest('hex') })}\n`;
}

/** A resourceVersion of the store: a decimal number. */
const storeVersion: Shape = (value) => typeof value === 'string' && /^\d{1,16}$/.test(value);

const HEAD = record({
  kubernetesVersion: text,
  cluster: text,
  takenAt: text,
  resourceVersion: storeVersion,
  objects: number,
});

const stored = record({ metadata: record({ name: text, resourceVersion: storeVersion }) });

const OBJECT_LINE = record({ group: text, plural: text, object: (value) => kubeObject(value) && stored(value) });

const LOG_LINE = record({ log: record({ key: text, lines: listWith(record({})) }) });

/**
 * Reads the bytes of a file.
 *
 * @param file the name of the file, for errors
 * @param kubernetesVersion the version that the cluster has
 * @throws TypeKroError `cluster/snapshot-unreadable` for a file that is not a snapshot of a cluster, that was truncated
 *   or changed, or that has another version of the format or of Kubernetes.
 */
export function parseStateFile(bytes: Uint8Array, file: string, kubernetesVersion: string): StateFile {
  const lines = linesOf(bytes);
  const hash = cryptoLibrary().createHash('sha256');
  const head = headOf(lines.next().value, hash, file, kubernetesVersion);
  const collections = new Map<string, { group: string; plural: string; items: KubeObject[] }>();
  const logs: SnapshotLog[] = [];
  let objects = 0;
  for (const line of lines) {
    const value = valueOf(line);
    if (isJsonObject(value) && typeof value['sha256'] === 'string') {
      const isWhole = value['sha256'] === hash.digest('hex') && lines.next().done === true && objects === head.objects;
      if (!isWhole) throw damaged(file);
      const { resourceVersion } = head;
      return {
        head,
        snapshot: { resourceVersion, collections: [...collections.values()] as SnapshotCollection[], logs },
      };
    }
    hash.update(line);
    if (OBJECT_LINE(value) && isJsonObject(value)) {
      const { group, plural, object } = value as { group: string; plural: string; object: KubeObject };
      const id = `${plural}.${group}`;
      const known = collections.get(id);
      if (known === undefined) collections.set(id, { group, plural, items: [object] });
      else known.items.push(object);
      objects += 1;
    } else if (LOG_LINE(value) && isJsonObject(value)) logs.push(value['log'] as unknown as SnapshotLog);
    else throw damaged(file);
  }
  throw damaged(file);
}

function headOf(line: Uint8Array | undefined, hash: Hash, file: string, kubernetesVersion: string): StateFileHead {
  const value = line === undefined ? undefined : valueOf(line);
  if (line === undefined || !isJsonObject(value) || value['kind'] !== STATE_FILE_KIND) {
    const isOfPlans = isJsonObject(value) && value['kind'] === 'TypeKroSnapshot';
    const what = isOfPlans
      ? 'is a snapshot for plans, without the values of Secrets'
      : 'is not a snapshot of a cluster';
    throw unreadable(`${file} ${what}`, 'take one: typekro cluster snapshot NAME FILE');
  }
  if (value['schemaVersion'] !== 1) {
    const version = stringifyJson(value['schemaVersion'] ?? null);
    throw unreadable(
      `${file} has format ${version}, but this version of typekro reads format 1`,
      'restore it with the version of typekro that took it, or a later one',
    );
  }
  if (!HEAD(value)) throw damaged(file);
  const head = value as unknown as StateFileHead;
  if (head.kubernetesVersion !== kubernetesVersion) {
    throw unreadable(
      `${file} is a snapshot of Kubernetes ${head.kubernetesVersion}, but the cluster runs Kubernetes ${kubernetesVersion}`,
      `restore it into a cluster of this version: typekro cluster start NAME --kubernetes ${head.kubernetesVersion}`,
    );
  }
  hash.update(line);
  return head;
}

/** Yields the lines, each with its line feed. Omits a last line without a line feed, because it was truncated. */
function* linesOf(bytes: Uint8Array): Generator<Uint8Array, undefined> {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(LINE_FEED, start);
    if (end < 0) return;
    yield bytes.subarray(start, end + 1);
    start = end + 1;
  }
}

const LINE_FEED = 0x0a;

/**
 * Parses a line as JSON. Returns `undefined` when the line is not JSON, or the value is nested too deeply for recursive
 * functions.
 */
function valueOf(line: Uint8Array): JsonValue | undefined {
  const value = tryParseJson(new TextDecoder().decode(line));
  return value === undefined || isTooDeepValue(value) ? undefined : value;
}

const damaged = (file: string): TypeKroError =>
  unreadable(`${file} is damaged: it was cut or changed after it was written`, 'take it again, or use a copy');

const unreadable = (message: string, remedy: string): TypeKroError =>
  new TypeKroError(message, { code: 'cluster/snapshot-unreadable', remedy });
