import { createHash, randomBytes } from 'node:crypto';
import type { JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject, stringifyJson, tryParseJson, TypeKroError } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { asText } from '../../kubernetes/index.ts';
import type { ApplyAction, ObjectType } from '../../runtime/index.ts';
import { secretFields } from '../instance/secret-fields.ts';
import type { PlanSource } from './plan.ts';

/** Objects of a cluster in one file, for plans without the cluster. Values of Secrets are hashes. */
export interface SnapshotFile {
  readonly schemaVersion: 1;
  readonly kind: 'TypeKroSnapshot';
  readonly source: PlanSource;
  /** Namespace of objects that name none. */
  readonly namespace: string;
  readonly salt: string;
  readonly kinds: readonly SnapshotKind[];
  /** What could not be read. */
  readonly limits: readonly string[];
}

/** The objects of one kind. */
export interface SnapshotKind {
  readonly type: ObjectType;
  readonly objects: readonly KubeObject[];
}

/** A snapshot without values of Secrets: neither in Secrets nor in texts of other objects that hold them. */
export function snapshotFile(parts: Omit<SnapshotFile, 'schemaVersion' | 'kind' | 'salt'>): SnapshotFile {
  const salt = randomBytes(16).toString('hex');
  const values = secretValues(parts.kinds);
  const kinds = parts.kinds.map(({ type, objects }) => ({
    type,
    objects: objects.map((object) =>
      isSecret(object) ? hashedSecret(salt, object) : withoutValues(salt, values, object),
    ),
  }));
  return { schemaVersion: 1, kind: 'TypeKroSnapshot', ...parts, salt, kinds };
}

/** The text of a snapshot. */
export function snapshotText(snapshot: SnapshotFile): string {
  return `${stringifyJson(JSON.parse(JSON.stringify(snapshot)) as JsonValue)}\n`;
}

/** @throws TypeKroError `snapshot/unreadable` for a text that is none, or of another version. */
export function parseSnapshot(text: string, file: string): SnapshotFile {
  const value = tryParseJson(text);
  if (isJsonObject(value) && value['kind'] === 'TypeKroSnapshot' && value['schemaVersion'] === 1) {
    return value as unknown as SnapshotFile;
  }
  throw new TypeKroError(`${file} is no snapshot that this version of typekro reads`, {
    code: 'snapshot/unreadable',
    remedy: 'take one: typekro snapshot FILE',
  });
}

const isSecret = ({ apiVersion, kind }: KubeObject): boolean => apiVersion === 'v1' && kind === 'Secret';

/** The hash of a value of `data` in the form of one: equal values have equal hashes in one snapshot. */
export function hashedValue(salt: string, base64: string): string {
  const hash = createHash('sha256').update(`${salt} ${base64}`).digest('hex').slice(0, 32);
  return Buffer.from(`hash:${hash}`).toString('base64');
}

/** kubectl keeps the whole object in this annotation. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

function hashedSecret(salt: string, object: KubeObject): KubeObject {
  const { data, stringData: _stringData, ...rest } = object as KubeObject & { readonly stringData?: JsonValue };
  const { [LAST_APPLIED]: _last, ...annotations } = object.metadata.annotations ?? {};
  const entries = Object.entries(isJsonObject(data) ? data : {});
  return {
    ...rest,
    metadata: { ...object.metadata, ...(object.metadata.annotations === undefined ? {} : { annotations }) },
    data: Object.fromEntries(entries.map(([key, value]) => [key, hashedValue(salt, asText(value))])),
  };
}

/** Shorter values stand in texts by chance. */
const MIN_FOUND_LENGTH = 6;

/** Values of Secrets, decoded and as they are, with their hashes. */
function secretValues(kinds: readonly SnapshotKind[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const object of kinds.flatMap(({ objects }) => objects).filter(isSecret)) {
    for (const value of Object.values(isJsonObject(object['data']) ? object['data'] : {})) {
      const base64 = asText(value);
      for (const text of [Buffer.from(base64, 'base64').toString('utf8'), base64]) {
        if (text.length >= MIN_FOUND_LENGTH) values.set(text, base64);
      }
    }
  }
  return values;
}

/** Replaces values of Secrets in all texts of an object. */
function withoutValues(salt: string, values: ReadonlyMap<string, string>, object: KubeObject): KubeObject {
  if (values.size === 0) return object;
  const clean = (value: JsonValue | undefined): JsonValue | undefined => {
    if (typeof value === 'string') return cleanText(value);
    if (Array.isArray(value)) return value.map((item) => clean(item) ?? null);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, clean(member)]));
  };
  const cleanText = (text: string): string => {
    let cleaned = text;
    for (const [value, base64] of values) {
      if (cleaned.includes(value)) cleaned = cleaned.replaceAll(value, () => hashedValue(salt, base64));
    }
    return cleaned;
  };
  return clean(object as unknown as JsonValue) as unknown as KubeObject;
}

/** A field of a Secret as differences name it. */
const DATA = /^data(?:\.|\[)/;

/**
 * Counts a write as made when it differs from a snapshot in nothing but values of Secrets: those of a Secret have the
 * hashes of what is wanted, and those that other objects compute from Secrets cannot be compared.
 */
export function isSameBehindHashes(graph: Graph, salt: string): (action: ApplyAction) => boolean {
  const hides = secretFields(graph);
  return ({ nodeId, target, desired, differences = [] }) => {
    const isOfSecret = target.type.group === '' && desired.kind === 'Secret';
    return (
      differences.length > 0 &&
      differences.every(({ path, wanted, found }) => {
        if (!isOfSecret) return hides(nodeId, path);
        return DATA.test(path) && found !== undefined && found === hashedValue(salt, asText(wanted));
      })
    );
  };
}
