/** Third-party libraries. Each is loaded at its first use, because many processes never use it. */
import { createRequire } from 'node:module';
import type * as Re2Namespace from 're2js';
import type * as YamlNamespace from 'yaml';

const lazy = <Library>(name: string): (() => Library) => {
  let loaded: Library | undefined;
  return () => (loaded ??= createRequire(import.meta.url)(name) as Library);
};

/** Regular expressions in linear time, loaded when the first pattern is compiled. */
export const re2Library: () => typeof Re2Namespace = lazy('re2js');

/** The YAML library, loaded when the first YAML string is parsed. A program without YAML strings never loads it. */
export const yamlLibrary: () => typeof YamlNamespace = lazy('yaml');
