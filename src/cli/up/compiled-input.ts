import type { Diagnostic } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import type { InputObject } from './load-inputs.ts';

/** The result of compiling one definition or one Graph object. */
export interface CompiledInput {
  readonly input: InputObject;
  readonly graph?: Graph;
  readonly diagnostics: readonly Diagnostic[];
}
