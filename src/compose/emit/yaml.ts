import { createRequire } from 'node:module';
import type * as YamlNamespace from 'yaml';
import type { JsonValue } from '../../core/index.ts';

type YamlModule = typeof YamlNamespace;

let yaml: YamlModule | undefined;

/** The YAML library, loaded when something is printed: importing the package does not load it. */
function load(): YamlModule {
  yaml ??= createRequire(import.meta.url)('yaml') as YamlModule;
  return yaml;
}

/** YAML as users of the SDK know it: keys sorted, two spaces, quotes only where needed, no anchors. */
export function printYaml(value: JsonValue): string {
  return load().stringify(value, {
    sortMapEntries: true,
    lineWidth: 0,
    aliasDuplicateObjects: false,
    singleQuote: true,
  });
}
