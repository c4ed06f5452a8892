import { createRequire } from 'node:module';
import type * as YamlNamespace from 'yaml';

type YamlLibrary = typeof YamlNamespace;

let loaded: YamlLibrary | undefined;

/** The YAML library, loaded when the first text is parsed: who compiles objects only does not pay for it. */
export function yamlLibrary(): YamlLibrary {
  loaded ??= createRequire(import.meta.url)('yaml') as YamlLibrary;
  return loaded;
}
