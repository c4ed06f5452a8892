import type { KubeObject } from '../../core/index.ts';
import type { FieldProblem } from '../http/status.ts';

/** Checks a definition. */
export function validateDefinition(_object: KubeObject, _problems: FieldProblem[], _old?: KubeObject): void {
  return;
}

/** Checks what may not change in a definition. */
export function validateDefinitionUpdate(_object: KubeObject, _old: KubeObject, _problems: FieldProblem[]): void {
  return;
}
