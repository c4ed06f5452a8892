import type { KubeObject } from '@typekro/kit/core';

/** One possible meaning of an argument `INSTANCE[/NODE]`. */
export interface InstanceName {
  /** The kind as typed: its name, plural or short name. When absent, an instance of any kind matches. */
  readonly kind?: string;
  /** When absent, the namespace of the connection applies. Also absent for cluster-scoped kinds. */
  readonly namespace?: string;
  readonly name: string;
  readonly node?: string;
}

/** The maximum number of parts. Subgraphs are seldom more than a few levels deep. */
const MAX_PARTS = 64;

/**
 * Parses an argument that names an instance: `NAME`, `NAMESPACE/NAME`, `KIND/NAME` or `KIND/NAMESPACE/NAME`, each with
 * an optional `/NODE`. A node in a subgraph is named by a path such as `outer/inner`, and then the argument must
 * contain the namespace. Returns all possible parses, the likeliest first. The list is empty when the text has none of
 * these forms.
 *
 * @param isKind returns true for the name of a kind that can have instances
 */
export function readingsOf(text: string, isKind: (word: string) => boolean): InstanceName[] {
  const parts = text.split('/');
  if (parts.some((part) => part === '') || parts.length > MAX_PARTS) return [];
  const [first = '', ...rest] = parts;
  const withKind = isKind(first) ? namesOf(rest).map((name) => ({ kind: first, ...name })) : [];
  // An argument of four or more parts that begins with a kind has only one meaning.
  return withKind.length > 0 && parts.length > 3 ? withKind : [...withKind, ...namesOf(parts)];
}

function namesOf(parts: readonly string[]): Omit<InstanceName, 'kind'>[] {
  const [a = '', b = '', ...node] = parts;
  switch (parts.length) {
    case 1:
      return [{ name: a }];
    case 2:
      return [
        { namespace: a, name: b },
        { name: a, node: b },
      ];
    case 0:
      return [];
    default:
      return [{ namespace: a, name: b, node: node.join('/') }];
  }
}

/** Writes an instance as an unambiguous argument, with kind and namespace: `webapp/team-a/shop`. */
export function argumentOf({
  kind,
  metadata,
}: {
  kind: string;
  metadata: Pick<KubeObject['metadata'], 'name' | 'namespace'>;
}): string {
  const { name = '', namespace } = metadata;
  return [kind.toLowerCase(), ...(namespace === undefined ? [] : [namespace]), name].join('/');
}
