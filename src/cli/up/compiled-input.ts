import type { Diagnostic } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import type { InputObject } from './load-inputs.ts';

/** What compiling one definition gave. */
export interface CompiledInput {
  readonly input: InputObject;
  readonly graph?: Graph;
  readonly diagnostics: readonly Diagnostic[];
}
