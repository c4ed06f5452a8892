import type { JsonObject, KubeObject, OwnerReference } from '@typekro/kit/core';
import { formatApiVersion, isJsonObject } from '@typekro/kit/core';
import { fnv32a } from '@typekro/kit/golang';
import type { Graph } from '@typekro/engine/graph';
import { Finalizers, keys } from '@typekro/engine/runtime';
import type { CompiledSpec } from './compiler.ts';
import { type DefinitionObject, DEFINITION_KIND, DEFINITION_TYPE, REVISION_TYPE } from './definition-object.ts';

/** The annotation that pins an instance to a revision. */
export const PIN_ANNOTATION = 'typekro.dev/revision';

/** The label of a revision. Its value is the hash of the spec. */
const REVISION_HASH_LABEL = 'kro.run/graph-revision-hash';

/** A stored revision of a definition. */
export interface Revision {
  readonly object: KubeObject;
  readonly name: string;
  readonly number: number;
  readonly spec: JsonObject;
  readonly deleting: boolean;
  readonly hasFinalizer: boolean;
}

/** Parses a GraphRevision object. */
export function readRevision(object: KubeObject): Revision {
  const snapshot = isJsonObject(object.spec?.['snapshot']) ? object.spec['snapshot'] : {};
  const number = object.spec?.['revision'];
  return {
    object,
    name: object.metadata.name ?? '',
    number: typeof number === 'number' ? number : 0,
    spec: isJsonObject(snapshot['spec']) ? snapshot['spec'] : {},
    deleting: object.metadata.deletionTimestamp !== undefined,
    hasFinalizer: Finalizers.has(object),
  };
}

/** The name of the definition that a revision is a snapshot of. */
export function definitionOf(object: KubeObject): string {
  const snapshot = isJsonObject(object.spec?.['snapshot']) ? object.spec['snapshot'] : {};
  return typeof snapshot['name'] === 'string' ? snapshot['name'] : '';
}

const MAX_NAME_LENGTH = 253;

/**
 * The name of a revision: `<definition>-r<NNNNN>`. If this name is too long, the definition's name in it is cut, and a
 * hash of the whole definition name is appended.
 */
export function revisionName(definition: string, number: number): string {
  const suffix = `-r${String(number).padStart(5, '0')}`;
  if (definition.length + suffix.length <= MAX_NAME_LENGTH) return definition + suffix;
  const hashed = `${suffix}-${fnv32a(definition).toString(16).padStart(8, '0')}`;
  const cut = definition.slice(0, MAX_NAME_LENGTH - hashed.length).replace(/[.-]+$/, '');
  return (cut === '' ? 'gr' : cut) + hashed;
}

/** The object of a new revision. It has the finalizer from the start, which saves a write. */
export function newRevision(
  definition: DefinitionObject,
  number: number,
  hash: string,
  version: string,
  annotations: Readonly<Record<string, string>> = {},
): KubeObject {
  return {
    apiVersion: formatApiVersion(REVISION_TYPE),
    kind: REVISION_TYPE.kind,
    metadata: {
      name: revisionName(definition.name, number),
      labels: {
        [keys.OWNED_LABEL]: 'true',
        [keys.VERSION_LABEL]: keys.versionLabel(version),
        [keys.DEFINITION_NAME_LABEL]: definition.name,
        [REVISION_HASH_LABEL]: hash,
      },
      ...(Object.keys(annotations).length === 0 ? {} : { annotations: { ...annotations } }),
      finalizers: [keys.FINALIZER],
      ownerReferences: [ownerOf(definition)],
    },
    spec: {
      revision: number,
      snapshot: { name: definition.name, generation: definition.generation, spec: definition.spec },
    },
  };
}

function ownerOf(definition: DefinitionObject): OwnerReference {
  return { ...DEFINITION_KIND, name: definition.name, uid: definition.uid, controller: true };
}

/**
 * The owner references that make the definition the controller of a revision. `undefined` when the definition is
 * already the controller. Other definitions, such as a deleted one of the same name, are no longer owners. Owners of
 * other kinds stay.
 */
export function adoptedOwners(revision: Revision, definition: DefinitionObject): OwnerReference[] | undefined {
  const owners = revision.object.metadata.ownerReferences ?? [];
  if (owners.some(({ uid, controller }) => uid === definition.uid && controller === true)) return undefined;
  const others = owners.filter(({ kind, apiVersion }) => {
    return kind !== DEFINITION_TYPE.kind || !apiVersion.startsWith(`${DEFINITION_TYPE.group}/`);
  });
  return [...others, ownerOf(definition)];
}

/**
 * The revision to which an instance is pinned. `NaN` when the annotation is not a number, and `undefined` without a
 * pin.
 */
export function pinnedRevision(instance: KubeObject): number | undefined {
  const annotations = instance.metadata.annotations ?? {};
  const text = Object.hasOwn(annotations, PIN_ANNOTATION) ? annotations[PIN_ANNOTATION] : undefined;
  if (text === undefined || text === '') return undefined;
  return /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
}

/** The graph of a revision, or the reason why instances cannot follow the revision. */
export type RevisionGraph =
  | { readonly graph: Graph; readonly missing?: undefined }
  | { readonly graph?: undefined; readonly missing: string };

/**
 * Can instances follow a revision, by a pin or during a roll-out?
 *
 * @param compiled the spec of the revision; `undefined` when the definition has no such revision
 * @param stored the version in which the instances are stored; `undefined` when it is not known
 */
export function followableGraph(
  number: number,
  compiled: Pick<CompiledSpec, 'graph' | 'message'> | undefined,
  stored: string | undefined,
): RevisionGraph {
  if (Number.isNaN(number)) return { missing: 'it is not a number' };
  if (compiled === undefined) return { missing: 'the definition has no such revision' };
  const { graph, message = 'it has errors' } = compiled;
  if (graph === undefined) return { missing: `it does not compile: ${message}` };
  const { version } = graph.instance;
  return stored === undefined || stored === version ? { graph } : { missing: otherHub(version, stored) };
}

/** Why instances that are stored in one version cannot follow a revision that reads another one. */
export const otherHub = (reads: string, stored: string): string =>
  `it reads instances in ${reads}, and they are stored in ${stored}`;

/** What the controller reports for an instance that is pinned to a revision that it cannot follow. */
export const pinFailure = ({ metadata }: KubeObject, missing: string): string =>
  `pinned graph revision ${metadata.annotations?.[PIN_ANNOTATION] ?? ''} not available: ${missing}; change or remove the annotation ${PIN_ANNOTATION}`;
