import { dnsSubdomain, labelValue, qualifiedName } from '@typekro/kit/kubernetes';
import { type KubeObject, type OwnerReference, parseApiVersion } from '@typekro/kit/core';
import { compareText, goQuote } from '@typekro/kit/golang';
import type { Field, Problems } from '../errors/field-problems.ts';
import type { Strategy } from './strategy.ts';

/** The finalizers that need no domain. */
export const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);
const MAX_ANNOTATIONS_BYTES = 256 * 1024;

/** The groups whose kinds accept finalizers without a domain. Their API servers check only the syntax of the names. */
const LENIENT_GROUPS: ReadonlySet<string> = new Set([
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'policy',
]);

/** The properties of a resource on which the metadata rules depend. */
export interface MetadataRules {
  readonly group: string;
  /** Set only for custom resources. */
  readonly custom: object | undefined;
}

/** Checks the metadata of an object. */
export function validateMeta(
  object: KubeObject,
  resource: MetadataRules,
  { validateName = dnsSubdomain, hasFreeFinalizers }: Pick<Strategy, 'hasFreeFinalizers' | 'validateName'>,
  problems: Problems,
): void {
  const { metadata } = object;
  if (metadata.generateName !== undefined && metadata.generateName !== '') {
    const stem = metadata.generateName.replace(/.-$/, 'a');
    problems.invalidFor('metadata.generateName', metadata.generateName, validateName(stem));
  }
  const name = metadata.name ?? '';
  problems.requireName('metadata.name', name, validateName, 'name or generateName is required');
  if (metadata.generation !== undefined && metadata.generation < 0) {
    problems.invalid('metadata.generation', metadata.generation, 'must be greater than or equal to 0');
  }
  validateLabels(problems.field('metadata.labels', metadata.labels));
  validateAnnotations(problems.field('metadata.annotations', metadata.annotations));
  validateOwners(metadata.ownerReferences ?? [], problems);
  const isQualified =
    resource.custom === undefined && !LENIENT_GROUPS.has(resource.group) && hasFreeFinalizers !== true;
  validateFinalizers(metadata.finalizers ?? [], isQualified, problems);
}

/** Checks keys and values of labels. */
export function validateLabels({ value: labels, path, problems }: Field): void {
  for (const key of Object.keys(labels).sort()) {
    problems.invalidFor(path, key, qualifiedName(key));
    const value = String(labels[key] ?? '');
    problems.invalidFor(path, value, labelValue(value));
  }
}

/** Checks keys and sizes of annotations. */
export function validateAnnotations({ value: annotations, path, problems }: Field): void {
  let size = 0;
  for (const [key, value] of Object.entries(annotations)) {
    problems.invalidFor(path, key, qualifiedName(key.toLowerCase()));
    size += Buffer.byteLength(key) + Buffer.byteLength(String(value));
  }
  if (size > MAX_ANNOTATIONS_BYTES) problems.tooLong(path, MAX_ANNOTATIONS_BYTES);
}

function shown(reference: OwnerReference) {
  return {
    apiVersion: reference.apiVersion,
    kind: reference.kind,
    name: reference.name,
    uid: reference.uid,
    ...(reference.controller === undefined ? {} : { controller: reference.controller }),
    ...(reference.blockOwnerDeletion === undefined ? {} : { blockOwnerDeletion: reference.blockOwnerDeletion }),
  };
}

/** The maximum number of problems about several controllers. Each of their messages contains all owners. */
const MAX_CONTROLLER_PROBLEMS = 10;

function validateOwners(owners: readonly OwnerReference[], problems: Problems) {
  const path = 'metadata.ownerReferences';
  let reported = 0;
  let controller: OwnerReference | undefined;
  for (const owner of owners) {
    const { group, version } = parseApiVersion(owner.apiVersion ?? '');
    // An `apiVersion` with two slashes has no version.
    if (version === '' || version.includes('/'))
      problems.invalid(`${path}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty');
    if ((owner.kind ?? '') === '') problems.invalid(`${path}.kind`, '', 'must not be empty');
    if ((owner.name ?? '') === '') problems.invalid(`${path}.name`, '', 'must not be empty');
    if ((owner.uid ?? '') === '') problems.invalid(`${path}.uid`, '', 'must not be empty');
    if (group === '' && version === 'v1' && owner.kind === 'Event') {
      problems.invalid(path, shown(owner), '/v1, Kind=Event is disallowed from being an owner');
    }
    if (owner.controller !== true) continue;
    if (controller === undefined) controller = owner;
    else if (reported < MAX_CONTROLLER_PROBLEMS) {
      reported += 1;
      const both = `${controller.kind}/${controller.name} and ${owner.kind}/${owner.name}`;
      problems.invalid(
        path,
        owners.map(shown),
        `Only one reference can have Controller set to true. Found "true" in references for ${both}`,
      );
    }
  }
}

function validateFinalizers(finalizers: readonly string[], qualified: boolean, problems: Problems) {
  for (const [index, name] of finalizers.entries()) {
    const wrong = qualifiedName(name);
    problems.invalidFor('metadata.finalizers', name, wrong);
    if (qualified && !name.includes('/') && !STANDARD_FINALIZERS.has(name)) {
      problems.invalid(
        `metadata.finalizers[${index}]`,
        name,
        'name is neither a standard finalizer name nor is it fully qualified',
      );
    }
  }
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    problems.invalid('metadata.finalizers', finalizers, 'finalizer orphan and foregroundDeletion cannot be both set');
  }
}

/** Checks that an update does not change immutable metadata. */
export function validateMetaUpdate(next: KubeObject, live: KubeObject, problems: Problems): void {
  if (next.metadata.name !== live.metadata.name) {
    problems.invalid('metadata.name', next.metadata.name, 'field is immutable');
  }
  const { uid, deletionTimestamp } = next.metadata;
  if (uid !== live.metadata.uid) problems.invalid('metadata.uid', uid, 'field is immutable');
  if (deletionTimestamp !== undefined && deletionTimestamp !== live.metadata.deletionTimestamp)
    problems.invalid('metadata.deletionTimestamp', deletionTimestamp, 'field is immutable');
  if (live.metadata.deletionTimestamp === undefined) return;
  const before = new Set(live.metadata.finalizers ?? []);
  const added = new Set((next.metadata.finalizers ?? []).filter((name) => !before.has(name)));
  if (added.size === 0) return;
  const list = [...added].toSorted(compareText).map(goQuote).join(', ');
  problems.forbidden(
    'metadata.finalizers',
    `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
  );
}
