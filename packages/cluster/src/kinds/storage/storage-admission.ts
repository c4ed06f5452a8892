/** The admission plugins `DefaultStorageClass`, `StorageObjectInUseProtection` and `PersistentVolumeClaimResize`. */
import type { KubeObject } from '@typekro/kit/core';
import { compareQuantities, objectAt, quantityOf, quantityOfInteger, textAt } from '@typekro/kit/kubernetes';
import { forbidden } from '../../errors/api-error.ts';
import { ensureAt } from '../../types/parts.ts';
import { CLASS_ANNOTATION } from './claims.ts';
import type { WriteContext } from '../strategy.ts';

const createdAt = ({ metadata }: KubeObject): number => Date.parse(metadata.creationTimestamp ?? '') || 0;

const CLASSES = ['storage.k8s.io', 'storageclasses'] as const;
const IS_DEFAULT = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];

/** Sets the default class of a new claim that names no class. The empty string counts as a class name. */
export function defaultStorageClass(claim: KubeObject, context: WriteContext): void {
  const spec = ensureAt(claim, 'spec');
  const isNamed = claim.metadata.annotations?.[CLASS_ANNOTATION] !== undefined;
  if (isNamed || (spec['storageClassName'] ?? null) !== null) return;
  const name = defaultClass(context, ...CLASSES, IS_DEFAULT);
  if (name !== undefined) spec['storageClassName'] = name;
}

/** Adds the finalizer that keeps a storage object while other objects use it. */
export function protectInUse(object: KubeObject, finalizer: string): void {
  const { metadata } = object;
  if (metadata.finalizers?.includes(finalizer) !== true)
    metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
}

/**
 * Refuses an update that enlarges a claim, unless its class permits expansion. If the claim is not bound, the
 * validation of claims has already refused such an update. Throws 403.
 */
export function checkClaimGrowth(claim: KubeObject, old: KubeObject, context: WriteContext): void {
  if (compareQuantities(requestedStorage(claim), requestedStorage(old)) <= 0) return;
  if (permitsExpansion(claim, old, context)) return;
  throw forbidden(
    { group: '', plural: 'persistentvolumeclaims' },
    claim.metadata.name ?? '',
    'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
  );
}

const ZERO = quantityOfInteger(0n);

const requestedStorage = ({ spec }: KubeObject) =>
  quantityOf(objectAt(objectAt(spec, 'resources'), 'requests')['storage'] ?? '0') ?? ZERO;

const classOf = ({ metadata, spec }: KubeObject): string =>
  metadata.annotations?.[CLASS_ANNOTATION] ?? textAt(spec, 'storageClassName');

function permitsExpansion(claim: KubeObject, old: KubeObject, { store }: WriteContext): boolean {
  const name = classOf(claim);
  if (name === '' || name !== classOf(old)) return false;
  const found = store.collection(...CLASSES).get(name)?.object;
  return found !== undefined && found['allowVolumeExpansion'] === true;
}

/**
 * The default class: the newest class that has one of the annotations with the value `true`. If several default classes
 * are equally old, the first by name is chosen. `undefined` when no class is a default.
 */
export function defaultClass(
  { store }: Pick<WriteContext, 'store'>,
  group: string,
  plural: string,
  annotations: readonly string[],
): string | undefined {
  const defaults = store
    .collection(group, plural)
    .all()
    .map(({ object }) => object)
    .filter(({ metadata }) => annotations.some((name) => metadata.annotations?.[name] === 'true'));
  // The sort is stable, and the objects are already sorted by name.
  return defaults.toSorted((a, b) => createdAt(b) - createdAt(a))[0]?.metadata.name;
}
