import type { Diagnostic, KubeObject } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import type { InputObject } from '../inputs/load-inputs.ts';

/** The result of compiling one definition or one Graph object. */
export interface CompiledInput {
  readonly input: InputObject;
  readonly graph?: Graph;
  /** The CRD of a definition that has errors, but none in the schema of its spec. */
  readonly crd?: KubeObject;
  readonly diagnostics: readonly Diagnostic[];
}
