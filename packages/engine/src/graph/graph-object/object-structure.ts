import { type JsonValue, isJsonObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { valueAt } from '@typekro/kit/kubernetes';
import type { PathStep } from '../model.ts';

/** A problem of a manifest. `steps` begin at the root of the manifest; `kro` is kro's message without a prefix. */
export interface ManifestProblem {
  readonly code: string;
  readonly kro: string;
  readonly message: string;
  readonly steps: readonly PathStep[];
  readonly hint?: string;
}

/** The remedy for a manifest that lacks a field. */
const MISSING: Readonly<Record<string, string>> = {
  apiVersion: 'add the version of its API, as in apiVersion: apps/v1 for a Deployment',
  kind: 'add the kind, as in kind: Deployment',
  metadata: 'add metadata: with a name: below it',
};

const problem = (kro: string, message: string, steps: readonly PathStep[], hint?: string): ManifestProblem => ({
  code: 'graph/invalid-template',
  kro,
  message,
  steps,
  ...(hint === undefined ? {} : { hint }),
});

/** The first reason why a value is not a manifest of a Kubernetes object; undefined when it is one. */
export function manifestProblem(value: JsonValue | undefined, needsMetadata: boolean): ManifestProblem | undefined {
  if (!isJsonObject(value)) return problem('payload is empty', 'the manifest must be an object', []);
  for (const field of ['apiVersion', 'kind']) {
    const text = valueAt(value, field);
    if (text === undefined) {
      const near = Object.keys(value).find((key) => key.toLowerCase() === field.toLowerCase());
      const hint = near === undefined ? MISSING[field] : `write ${field} instead of ${near}`;
      return problem(`missing required field "${field}"`, `the manifest has no ${field}`, [], hint);
    }
    if (typeof text !== 'string' || text === '')
      return problem(
        `field "${field}" must be a non-empty string`,
        `${field} must be a non-empty string`,
        [field],
        MISSING[field],
      );
  }
  const apiVersion = String(valueAt(value, 'apiVersion'));
  const wrongVersion = apiVersionProblem(apiVersion);
  if (wrongVersion !== undefined) return wrongVersion;
  if (!needsMetadata) return undefined;
  const metadata = valueAt(value, 'metadata');
  if (metadata === undefined) {
    return problem('missing required field "metadata"', 'the manifest has no metadata', [], MISSING['metadata']);
  }
  if (isJsonObject(metadata)) return undefined;
  const message = 'metadata must be an object; expressions go into its fields';
  return problem('field "metadata" must be an object', message, ['metadata']);
}

function apiVersionProblem(apiVersion: string): ManifestProblem | undefined {
  if (apiVersion.includes('${')) return undefined;
  const parts = apiVersion.split('/');
  const refuse = (kro: string, message: string): ManifestProblem => ({
    ...problem(`apiVersion ${goQuote(apiVersion)}: ${kro}`, message, ['apiVersion']),
    code: 'graph/invalid-api-version',
  });
  if (parts.length > 2) {
    const message = `the apiVersion "${apiVersion}" is neither "version" nor "group/version"`;
    return refuse(`unexpected GroupVersion string: ${apiVersion}`, message);
  }
  return parts.at(-1) === ''
    ? refuse('missing version', `the apiVersion "${apiVersion}" ends without a version`)
    : undefined;
}

/** Does an expression compute apiVersion or kind? */
export function isDynamicManifest(value: JsonValue | undefined): boolean {
  if (!isJsonObject(value)) return false;
  return ['apiVersion', 'kind'].some((field) => {
    const text = valueAt(value, field);
    return typeof text === 'string' && text.includes('${');
  });
}

/** The members of `metadata` that a patch may not set, because they belong to the owner of the object. */
export const OWNING_METADATA = ['ownerReferences', 'finalizers', 'deletionTimestamp', 'uid'] as const;

/** The reasons why a manifest cannot be a patch: it names no target, or it sets metadata that a patch may not set. */
export function patchProblems(value: JsonValue): ManifestProblem[] {
  const metadata = isJsonObject(value) ? valueAt(value, 'metadata') : undefined;
  if (!isJsonObject(metadata)) return [];
  const name = valueAt(metadata, 'name');
  const found: ManifestProblem[] = [];
  if (typeof name !== 'string' || name === '') {
    found.push({
      code: 'graph/patch-target',
      kro: 'patch target requires metadata.name',
      message: 'the patch names no object',
      steps: ['metadata'],
      hint: 'add metadata.name: the name of the object that the patch changes',
    });
  }
  for (const key of OWNING_METADATA) {
    if (!Object.hasOwn(metadata, key)) continue;
    found.push({
      code: 'graph/patch-metadata',
      kro: `patch node payload must not set metadata.${key}: a patch contributes fields under a dedicated field manager without owning the target and must never delete it, so identity/lifecycle metadata (ownerReferences, finalizers, deletionTimestamp, uid) is rejected`,
      message: `a patch does not own its target, so it may not set metadata.${key}`,
      steps: ['metadata', key],
      hint: `remove ${key}, or make the object with a template`,
    });
  }
  return found;
}

/**
 * The endpoint to which the fields of a patch belong: the status subresource, or the object itself. Returns a problem
 * when they belong to both endpoints, and when the patch has no fields.
 */
export function patchEndpoint(value: JsonValue): { readonly subresource?: 'status' } | ManifestProblem {
  const patch = isJsonObject(value) ? value : {};
  const metadata = valueAt(patch, 'metadata');
  const own = isJsonObject(metadata)
    ? Object.keys(metadata).filter((key) => key !== 'name' && key !== 'namespace')
    : [];
  const main = Object.keys(patch).filter((key) => !['apiVersion', 'kind', 'metadata', 'status'].includes(key));
  const hasStatus = Object.hasOwn(patch, 'status');
  const hasMain = own.length > 0 || main.length > 0;
  if (hasStatus && hasMain) {
    return {
      code: 'graph/patch-endpoint',
      kro: 'a patch node targets a single endpoint: status fields cannot be combined with spec/metadata/other fields in one patch node — split them into separate patch nodes',
      message:
        'a patch changes either the status or the other fields, because they are two endpoints of the API server',
      steps: ['status'],
      hint: 'make one patch node for status and one for the rest',
    };
  }
  if (!hasStatus && !hasMain) {
    return {
      code: 'graph/patch-empty',
      kro: 'patch node contributes no fields',
      message: 'the patch sets no field',
      steps: [],
      hint: 'add the fields that the patch sets, or read the object with ref',
    };
  }
  return hasStatus ? { subresource: 'status' } : {};
}
