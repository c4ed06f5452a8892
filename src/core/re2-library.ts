import { createRequire } from 'node:module';
import type * as Re2Namespace from 're2js';

type Re2Library = typeof Re2Namespace;

let loaded: Re2Library | undefined;

/** Regular expressions in linear time, loaded when the first pattern is compiled: many a process never has one. */
export function re2Library(): Re2Library {
  loaded ??= createRequire(import.meta.url)('re2js') as Re2Library;
  return loaded;
}
