import { type GroupVersionKind, formatApiVersion, parseApiVersion, unknownKindHint } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { dns1035Label } from '@typekro/kit/kubernetes';
import type { ResourceInfo, Schema, SchemaSource } from '../../schema/index.ts';

/**
 * A kind with its schema and its API resource, or the refusal of the kind. `kro` is kro's message without the prefix
 * that the caller adds.
 */
export type ResolvedKind =
  | { readonly ok: true; readonly type: GroupVersionKind; readonly schema: Schema; readonly info: ResourceInfo }
  | {
      readonly ok: false;
      readonly code: string;
      readonly field: 'apiVersion' | 'kind';
      readonly kro: string;
      readonly message: string;
      readonly hint?: string | undefined;
    };

/**
 * Groups whose types are compiled into kro. In these groups, kro finds the schema of a type even if the type has no
 * resource. For all other groups, kro reads only the OpenAPI documents of the API server. These documents list such a
 * type under the resource on which it acts (`Eviction` of policy/v1 under pods).
 */
const COMPILED_INTO_KRO: ReadonlySet<string> = new Set(['', 'autoscaling', 'apiextensions.k8s.io']);

function quotedKind({ group, version, kind }: GroupVersionKind): string {
  return goQuote(`${group}/${version}, Kind=${kind}`);
}

/** Finds the kind of a template. `id` is the id of the resource, for kro's messages. */
export function resolveKind(id: string, apiVersion: string, kind: string, source: SchemaSource): ResolvedKind {
  if (apiVersion.split('/').length > 2) {
    const kro = `failed to extract GVK from resource ${id}: invalid apiVersion format ${goQuote(apiVersion)}: unexpected GroupVersion string: ${apiVersion}`;
    const message = `the apiVersion "${apiVersion}" is neither "version" nor "group/version"`;
    return { ok: false, code: 'graph/invalid-api-version', field: 'apiVersion', kro, message };
  }
  const rules = dns1035Label(kind.toLowerCase());
  if (rules.length > 0) {
    const kro = `failed to extract GVK from resource ${id}: invalid kind ${goQuote(kind)}: ${rules.join('; ')} (must be a valid DNS-1035 label when lowercased)`;
    const hint = kind.includes('${') ? 'expressions cannot fill the kind' : undefined;
    return { ok: false, code: 'graph/invalid-kind', field: 'kind', kro, message: `"${kind}" is not a kind`, hint };
  }
  const type = { ...parseApiVersion(apiVersion), kind };
  const schema = source.schemaOf(type);
  if (schema === undefined) return unknownKind(id, type, apiVersion, source);
  const info = source.resourceOf(type);
  if (info !== undefined) return { ok: true, type, schema, info };
  const kro = COMPILED_INTO_KRO.has(type.group)
    ? `failed to get REST mapping for resource ${id}: no matches for kind ${goQuote(kind)} in version ${goQuote(apiVersion)}`
    : `failed to get schema for resource ${id}: cannot resolve group version kind ${quotedKind(type)}: schema not found`;
  const message = `${kind} in ${apiVersion} is a type without its own resource; it cannot be created`;
  return { ok: false, code: 'graph/no-resource', field: 'kind', kro, message };
}

const IN_FILES = 'name the file with its CustomResourceDefinition (--crds), or a cluster that has it (--kubeconfig)';

function unknownKind(id: string, type: GroupVersionKind, apiVersion: string, source: SchemaSource): ResolvedKind {
  const hasKinds = [...source.kinds()].some((known) => formatApiVersion(known) === formatApiVersion(type));
  const what = hasKinds ? `kind ${quotedKind(type)}` : goQuote(formatApiVersion(type));
  const kro = `failed to get schema for resource ${id}: cannot resolve group version ${what}: schema not found`;
  const { ifUnknown: missing = IN_FILES } = source;
  const hint = apiVersion.includes('${')
    ? 'expressions cannot fill the apiVersion'
    : unknownKindHint(type, source.kinds(), missing).hint;
  const message = hasKinds
    ? `${apiVersion} has no kind "${type.kind}"`
    : `the kind ${type.kind} of "${apiVersion}" is not known`;
  const field = hasKinds ? 'kind' : 'apiVersion';
  return { ok: false, code: 'graph/unknown-kind', field, kro, message, hint };
}
