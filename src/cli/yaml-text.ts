import type { KubeObject } from '../core/index.ts';
import { yamlLibrary } from '../core/index.ts';

/** Prints objects as one YAML stream, for `kubectl apply -f -`. */
export async function yamlText(objects: readonly KubeObject[]): Promise<string> {
  const { stringify } = yamlLibrary();
  return objects
    .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n')
    .trimEnd();
}
