import type { Diagnostic } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import type { InputObject } from '../inputs/load-inputs.ts';

/** The result of compiling one definition or one Graph object. */
export interface CompiledInput {
  readonly input: InputObject;
  readonly graph?: Graph;
  readonly diagnostics: readonly Diagnostic[];
}
