import { isJsonObject } from '@typekro/kit/core';
import { compile } from './compile.ts';
import { isDefinitionDocument } from './document.ts';
import { compileGraphObject } from './graph-object/compile-graph-object.ts';
import type { CompileInput, CompileOptions, CompileResult } from './options.ts';

/** Compiles a Graph object as a Graph, and any other input as a ResourceGraphDefinition. */
export function compileDocument(input: CompileInput, options: CompileOptions): CompileResult {
  const value = isDefinitionDocument(input) ? input.value : input;
  const isGraph = isJsonObject(value) && Object.hasOwn(value, 'kind') && value['kind'] === 'Graph';
  return isGraph ? compileGraphObject(input, options) : compile(input, options);
}
