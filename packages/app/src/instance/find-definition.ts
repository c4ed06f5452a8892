import { declaredKind, DEFINITION_KIND } from '@typekro/controller/controller';
import { type KubeObject, isJsonObject, TypeKroError, nearestName } from '@typekro/kit/core';
import type { KubernetesApi } from '@typekro/kube';
import { pluralize } from '@typekro/engine/schema';

/**
 * Finds a definition by its name, or by the kind that it declares. The kind can be singular or plural, in upper or
 * lower case.
 *
 * @throws TypeKroError `cli/no-definition` when no definition matches, and `cli/usage` when several declare the kind.
 */
export async function findDefinition(api: KubernetesApi, text: string, signal: AbortSignal): Promise<KubeObject> {
  const { items } = await api.list(DEFINITION_KIND, { signal });
  const own = items.find(({ metadata }) => metadata.name === text);
  const ofKind = items.filter((item) => kindsOf(item).includes(text.toLowerCase()));
  const [only, ...others] = own === undefined ? ofKind : [own];
  const names = items.flatMap(({ metadata }) => metadata.name ?? []);
  if (only === undefined) {
    const near = nearestName(text, [...names, ...items.flatMap(kindsOf)]);
    const known = names.length === 0 ? 'the cluster has none' : `the cluster has ${names.join(', ')}`;
    throw new TypeKroError(`there is no definition ${text}`, {
      code: 'cli/no-definition',
      remedy: near === undefined ? known : `did you mean ${near}?`,
    });
  }
  if (others.length === 0) return only;
  throw new TypeKroError(`several definitions declare the kind ${text}`, {
    code: 'cli/usage',
    remedy: `name the definition instead of the kind: ${ofKind.map(({ metadata }) => metadata.name).join(', ')}`,
  });
}

function kindsOf({ spec }: KubeObject): string[] {
  const kind = declaredKind(isJsonObject(spec) ? spec : {}).kind.toLowerCase();
  return kind === '' ? [] : [kind, pluralize(kind)];
}

/** The argument of commands about one definition. */
export const DEFINITION_POSITIONAL = {
  name: 'definition',
  summary: 'name of a definition, or the kind that it declares',
  required: true,
} as const;
