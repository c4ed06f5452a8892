import { type GroupVersionKind, type JsonObject, type KubeObject, parseApiVersion } from '@typekro/kit/core';
import { objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { type Schema, builtinSource, crdSource } from '@typekro/engine/schema';
import { ExpressionCompiler, variablesOf } from './cel-compiler.ts';

/** A warning in `status.typeChecking` of a policy. */
export interface ExpressionWarning {
  readonly fieldRef: string;
  readonly warning: string;
}

/**
 * The type errors in the expressions of a policy. `kinds` are the kinds that the policy's rules name, sorted by name.
 * `definitions` are the CustomResourceDefinitions of the cluster. Kinds without a schema are not checked.
 */
export function policyTypeWarnings(
  spec: JsonObject,
  kinds: readonly GroupVersionKind[],
  definitions: readonly KubeObject[],
): ExpressionWarning[] {
  const custom = crdSource(definitions);
  const schemaOf = (type: GroupVersionKind): Schema | undefined =>
    custom.schemaOf(type) ?? builtinSource().schemaOf(type);
  const paramKind = optionalAt(spec, 'paramKind');
  const params =
    paramKind === undefined
      ? undefined
      : schemaOf({ ...parseApiVersion(textAt(paramKind, 'apiVersion')), kind: textAt(paramKind, 'kind') });
  const variables = variablesOf(spec);
  const compilers = kinds.flatMap((kind) => {
    const object = schemaOf(kind);
    if (object === undefined) return [];
    const scope = { hasParams: paramKind !== undefined, hasAuthorizer: true, types: { object, params } };
    return [{ kind, compiler: ExpressionCompiler.for(scope, variables) }];
  });
  const warningsOf = (fieldRef: string, text: string): ExpressionWarning[] => {
    if (text === '') return [];
    const texts = compilers.flatMap(({ kind, compiler }) => {
      const errors = compiler.typeErrors(text);
      return errors === undefined ? [] : [`${shownKind(kind)}: ${errors}\n`];
    });
    return texts.length === 0 ? [] : [{ fieldRef, warning: texts.join('\n') }];
  };
  return objectsAt(spec, 'validations').flatMap((validation, index) => {
    const at = `spec.validations[${index}]`;
    return [
      ...warningsOf(`${at}.expression`, textAt(validation, 'expression')),
      ...warningsOf(`${at}.messageExpression`, textAt(validation, 'messageExpression')),
    ];
  });
}

const shownKind = ({ group, version, kind }: GroupVersionKind): string => `${group}/${version}, Kind=${kind}`;
