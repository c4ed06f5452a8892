import { goQuote } from '@typekro/kit/golang';
import { badRequest } from '../errors/api-error.ts';
import type { KubeObject } from '@typekro/kit/core';

const VALUES: ReadonlySet<string> = new Set(['', 'Metadata', 'None', 'Object']);

/** Checks the parameter `includeObject` of a request for a table. Throws 400. */
export function checkIncludeObject(text: string): void {
  if (VALUES.has(text)) return;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${goQuote(text)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}

const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

/**
 * Converts an object to PartialObjectMetadata of a version of `meta.k8s.io`. For a DaemonSet, omits the annotation that
 * the server's internal type does not have.
 */
export function partialOf(object: KubeObject, version = 'v1'): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: metadataOf(object) };
}

function metadataOf({ kind, metadata }: KubeObject): KubeObject['metadata'] {
  if (kind !== 'DaemonSet' || metadata.annotations?.[TEMPLATE_GENERATION] === undefined) return metadata;
  const { annotations, ...rest } = metadata;
  const { [TEMPLATE_GENERATION]: _, ...others } = annotations;
  return Object.keys(others).length === 0 ? rest : { ...rest, annotations: others };
}
