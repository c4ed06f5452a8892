import { randomBytes } from 'node:crypto';
import type { KubeObject } from '@typekro/kit/core';
import { isJsonObject, jsonEquals, stringifyJson, tryParseJson, TypeKroError } from '@typekro/kit/core';
import { type Expression, type Graph, KroLevel, Path } from '@typekro/engine/graph';
import { valueAtSteps } from '@typekro/engine/schema';
import { type ObjectType, Secrets } from '@typekro/engine/runtime';
import {
  boolean,
  isTooDeepValue,
  kubeObject,
  listWith,
  mapWith,
  number,
  oneOfTexts,
  optional,
  record,
  text,
} from './file-shape.ts';
import type { SecretInputs } from './mask-inputs.ts';
import { maskSecrets } from './mask-secrets.ts';
import { isMasked, revealed } from './masked-values.ts';
import type { PlanSource } from '@typekro/controller/inspect';
import type { SimulationInput } from './simulation/simulate.ts';

/** The objects of a cluster in one file, for plans without access to the cluster. Values of Secrets are hashed. */
export interface SnapshotFile {
  readonly schemaVersion: 1;
  readonly kind: 'TypeKroSnapshot';
  readonly source: PlanSource;
  /** The namespace for objects that do not set one. */
  readonly namespace: string;
  readonly salt: string;
  /** The controller of the cluster. Absent in files of earlier versions. */
  readonly controller?: PlanSource['controller'];
  readonly kinds: readonly SnapshotKind[];
  /** Sentences about kinds that could not be read. */
  readonly limits: readonly string[];
}

/** The objects of one kind. */
export interface SnapshotKind {
  readonly type: ObjectType;
  readonly objects: readonly KubeObject[];
}

/** Makes a snapshot. Values of Secrets are masked by `maskSecrets`. */
export function snapshotFile(
  parts: Omit<SnapshotFile, 'schemaVersion' | 'kind' | 'salt'>,
  inputs: readonly SecretInputs[],
): SnapshotFile {
  const salt = randomBytes(16).toString('hex');
  const objects = parts.kinds.flatMap((kind) => kind.objects);
  const mask = maskSecrets(salt, objects, inputs);
  const kinds = parts.kinds.map((kind) => ({ ...kind, objects: kind.objects.map(mask) }));
  return { schemaVersion: 1, kind: 'TypeKroSnapshot', ...parts, salt, kinds };
}

/** Prints a snapshot as JSON. */
export function snapshotText(snapshot: SnapshotFile): string {
  return `${stringifyJson(snapshot)}\n`;
}

/**
 * Parses a snapshot.
 *
 * @throws TypeKroError `snapshot/unreadable` when the text is not a snapshot, is damaged, or has an unsupported schema
 *   version.
 */
export function parseSnapshot(text: string, file: string): SnapshotFile {
  const value = tryParseJson(text);
  const isSnapshot = isJsonObject(value) && value['kind'] === 'TypeKroSnapshot' && value['schemaVersion'] === 1;
  if (isSnapshot && !isTooDeepValue(value) && SNAPSHOT(value)) return value as unknown as SnapshotFile;
  const why = isSnapshot ? 'is damaged' : 'is not a snapshot that this version of typekro can read';
  throw new TypeKroError(`${file} ${why}`, {
    code: 'snapshot/unreadable',
    remedy: 'take the snapshot again: typekro snapshot FILE',
  });
}

const SNAPSHOT = record({
  source: record({ name: text, readAt: text, version: optional(text) }),
  namespace: text,
  salt: text,
  controller: optional(
    record({
      kroCompatibility: oneOfTexts(...KroLevel.LEVELS),
      from: text,
      features: optional(mapWith(boolean)),
      limits: optional(
        record({
          maxCollectionSize: optional(number),
          maxCollectionDimensions: optional(number),
          budget: optional(number),
          adoption: optional(oneOfTexts('adopt', 'refuse', 'takeOver')),
          namespaces: optional(oneOfTexts('any', 'instance')),
        }),
      ),
    }),
  ),
  kinds: listWith(
    record({
      type: record({ group: text, version: text, kind: text, plural: text, namespaced: boolean }),
      objects: listWith(kubeObject),
    }),
  ),
  limits: listWith(text),
});

/** The input of an instance's simulation. With a salt, differences only in masked values count as none. */
export function simulationInput(
  { salt, now }: { readonly salt?: string; readonly now: number },
  graph: Graph,
  instance: KubeObject,
  step: Omit<SimulationInput['step'], 'now'>,
): SimulationInput {
  const same = salt === undefined ? {} : { isSame: isSameBehindHashes(graph, salt, instance) };
  return { graph, instance, step: { ...step, now }, ...same };
}

/**
 * Returns a predicate that is true for a difference of a write that changes nothing, because the desired object and the
 * snapshot differ only in masked values. A Secret value counts as equal when it has the same hash. A field outside Secrets that can contain
 * Secret values counts as equal, because it cannot be compared. A field of a Secret whose expression has masked
 * literals, or computes its value from masked fields of the instance, counts as equal if both sides have the field.
 */
export function isSameBehindHashes(
  graph: Graph,
  salt: string,
  { spec }: Pick<KubeObject, 'spec'> = {},
): Required<SimulationInput>['isSame'] {
  const hides = Secrets.fieldsOf(graph);
  const { isRepeatedBy } = spec !== undefined && isMasked(stringifyJson(spec)) ? Secrets.specOf(graph) : NOTHING_MASKED;
  const isOpaque = ({ cel, template = cel, ...rest }: Expression): boolean =>
    isMasked(template) || (!COPY.test(template) && isRepeatedBy({ cel, ...rest }));
  return ({ nodeId, target, desired }, { path, wanted, found }) => {
    const isOfSecret = target.type.group === '' && desired.kind === 'Secret';
    if (!isOfSecret && hides(nodeId, path)) return true;
    if (wanted === undefined || found === undefined) return false;
    const holes = isOfSecret ? (graph.nodes.get(nodeId)?.template.holes ?? []) : [];
    // In the notation of `FieldDifference`.
    const isAt = (pathText: string) => pathText.replace(/^stringData\b/, 'data') === path;
    return (
      holes.some(({ expression, pathText }) => isAt(pathText) && isOpaque(expression)) ||
      jsonEquals(revealed(salt, found, wanted), wanted)
    );
  };
}

/** Removes the errors of a schema about masked values, which cannot be checked. */
export const withoutMaskedErrors = (object: KubeObject, errors: readonly string[]): string[] =>
  errors.filter((error) => {
    const path = Path.parse(error.slice(0, error.indexOf(': ')));
    const value = path.ok ? valueAtSteps(object, path.steps) : undefined;
    return value === undefined || !isMasked(stringifyJson(value));
  });

const NOTHING_MASKED = { isRepeatedBy: () => false };

/** Matches an expression whose value is that of a field, or its text. The hash of the field is then that of the value. */
const COPY = /^(?:\$\{)?\s*(?:string\(\s*[\w.]+\s*\)|[\w.]+)\s*\}?$/;

/**
 * Returns a function that makes an object of a snapshot comparable with `plain`, an object of the files. It replaces
 * each masked value with the value in `plain` when both have the same hash.
 */
export function revealedBy(
  salt: string | undefined,
  plain: KubeObject,
): <Each extends KubeObject | undefined>(object: Each) => Each {
  if (salt === undefined) return (object) => object;
  const reveal = (object: KubeObject) => revealed(salt, object, plain);
  return (object) => (object === undefined ? object : (reveal(object) as typeof object));
}
