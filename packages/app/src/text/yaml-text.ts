import type { KubeObject } from '@typekro/kit/core';
import { YAML_OUTPUT, yamlLibrary, yamlOutput } from '@typekro/kit/core';

/**
 * Prints a value as YAML that kubectl reads as the same value. kubectl and kro read YAML 1.1. Therefore, strings and
 * keys that would have another type in YAML 1.1 (`no`, `y`, `1_000`) are quoted, and the line breaks of YAML 1.1, such
 * as U+2028, are escaped.
 *
 * @param flow true to print maps and lists on one line
 */
export function yamlOf(value: unknown, { flow = false }: { readonly flow?: boolean } = {}): string {
  const document = new (yamlLibrary().Document)(value, YAML_OUTPUT);
  return yamlOutput(document, flow ? { collectionStyle: 'flow', flowCollectionPadding: true } : {});
}

/**
 * Removes the last line feed, which the caller's `print` adds again. Keeps other white space at the end, because it can
 * belong to the last string.
 */
export const printedYaml = (yaml: string): string => yaml.replace(/\n$/, '');

/** Prints objects as one YAML stream, for `kubectl apply -f -`, without the last line feed (see `printedYaml`). */
export async function yamlText(objects: readonly KubeObject[]): Promise<string> {
  return printedYaml(objects.map((object) => yamlOf(object)).join('---\n'));
}
