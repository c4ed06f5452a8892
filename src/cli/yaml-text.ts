import type { KubeObject } from '../core/index.ts';
import { YAML_OUTPUT, yamlLibrary, yamlOutput } from '../core/index.ts';

/**
 * Prints a value as YAML that kubectl reads as the same value. kubectl and kro read YAML 1.1. Therefore texts and keys
 * that YAML 1.1 reads as something else (`no`, `y`, `1_000`) are quoted, and the line breaks of YAML 1.1, such as
 * U+2028, are escaped.
 *
 * @param flow prints maps and lists in one line
 */
export function yamlOf(value: unknown, { flow = false }: { readonly flow?: boolean } = {}): string {
  const document = new (yamlLibrary().Document)(value, YAML_OUTPUT);
  return yamlOutput(document, flow ? { collectionStyle: 'flow', flowCollectionPadding: true } : {});
}

/**
 * The YAML without its last line feed, which the printer of lines adds. Other white space at the end stays, because it
 * can belong to the last text.
 */
export const printedYaml = (yaml: string): string => yaml.replace(/\n$/, '');

/** Prints objects as one YAML stream, for `kubectl apply -f -`, in the form of `printedYaml`. */
export async function yamlText(objects: readonly KubeObject[]): Promise<string> {
  return printedYaml(objects.map((object) => yamlOf(object)).join('---\n'));
}
