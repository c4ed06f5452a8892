import type { CelType, Checked, Environment, Program, VariableOptions } from '@typekro/cel';
import {
  BOOL,
  combineProviders,
  createEnvironment,
  DYN,
  listType,
  NULL,
  RULE_LIBRARIES,
  sameType,
  STRING,
  typeToString,
} from '@typekro/cel';
import type { JsonObject } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type Schema, CelTypes } from '@typekro/engine/schema';
import { AUTHORIZER, authorizerLibrary, RESOURCE_CHECK } from './authorizer-library.ts';
import { mutationTypes, OBJECT_TYPE, PATCH_TYPE, patchLibrary } from './mutation-types.ts';

const TEXT: Schema = { type: 'string' };
const LIST_OF_TEXTS: Schema = { type: 'array', items: TEXT };

const object = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties });
const mapOf = (additionalProperties: Schema): Schema => ({ type: 'object', additionalProperties });

const KIND = object({ group: TEXT, version: TEXT, kind: TEXT });
const RESOURCE = object({ group: TEXT, version: TEXT, resource: TEXT });

/** The variable `request`: the request of an AdmissionReview without its `uid` and its objects. */
const REQUEST = object({
  kind: KIND,
  resource: RESOURCE,
  subResource: TEXT,
  requestKind: KIND,
  requestResource: RESOURCE,
  requestSubResource: TEXT,
  name: TEXT,
  namespace: TEXT,
  operation: TEXT,
  userInfo: object({ username: TEXT, uid: TEXT, groups: LIST_OF_TEXTS, extra: mapOf(LIST_OF_TEXTS) }),
  dryRun: { type: 'boolean' },
  options: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
});

/** The variable `namespaceObject`: the fields of the namespace that expressions may read. */
const NAMESPACE = object({
  metadata: object({
    name: TEXT,
    generateName: TEXT,
    namespace: TEXT,
    labels: mapOf(TEXT),
    annotations: mapOf(TEXT),
    UID: TEXT,
    creationTimestamp: { type: 'string', format: 'date-time' },
    deletionGracePeriodSeconds: { type: 'integer' },
    deletionTimestamp: { type: 'string', format: 'date-time' },
    generation: { type: 'integer' },
    resourceVersion: TEXT,
    finalizers: LIST_OF_TEXTS,
  }),
  spec: object({ finalizers: LIST_OF_TEXTS }),
  status: object({ phase: TEXT }),
});

/** The options that say which variables and types an expression can use. */
export interface ScopeOptions {
  /** Can the expression use the variable `params`? */
  readonly hasParams: boolean;
  /** Can the expression use the variable `authorizer`? Message expressions cannot. */
  readonly hasAuthorizer: boolean;
  /** Can the expression use the types by which mutating policies describe changes? Default: false. */
  readonly hasMutations?: boolean;
  /** The schemas of the objects and the parameters, for type checking. Default: objects and parameters of any type. */
  readonly types?: { readonly object: Schema; readonly params: Schema | undefined };
}

const scopes = new Map<string, Environment>();

/** The environment of an expression, without the policy's `variables`. */
function scopeOf(options: ScopeOptions): Environment {
  if (options.types !== undefined) return newScope(options);
  const key = `${options.hasParams} ${options.hasAuthorizer} ${options.hasMutations === true}`;
  let scope = scopes.get(key);
  if (scope === undefined) scopes.set(key, (scope = newScope(options)));
  return scope;
}

function newScope({ hasParams, hasAuthorizer, hasMutations, types: checked }: ScopeOptions): Environment {
  const { variables, types } = CelTypes.of({
    request: { schema: REQUEST },
    namespaceObject: { schema: NAMESPACE },
    ...(checked === undefined ? {} : { object: { schema: checked.object } }),
    ...(checked?.params === undefined ? {} : { params: { schema: checked.params } }),
  });
  const { object: ofObject = DYN, params = DYN, ...others } = variables;
  return createEnvironment({
    libraries: [...RULE_LIBRARIES, authorizerLibrary, ...(hasMutations === true ? [patchLibrary] : [])],
    types: hasMutations === true ? combineProviders(types, mutationTypes) : types,
    variables: {
      ...others,
      // `object` and `oldObject` share one type, because expressions compare them.
      object: ofObject,
      oldObject: ofObject,
      ...(hasParams ? { params } : {}),
      ...(hasAuthorizer
        ? {
            authorizer: { type: AUTHORIZER, raw: true },
            'authorizer.requestResource': { type: RESOURCE_CHECK, raw: true },
          }
        : {}),
    },
  });
}

/** A compiled expression, or the message of its compilation errors. */
export type CompiledExpression =
  | { readonly ok: true; readonly program: Program; readonly checked: Checked; readonly type: CelType }
  | { readonly ok: false; readonly problem: string };

/** A named expression whose value later expressions read as `variables.NAME`. */
export interface NamedExpression {
  readonly name: string;
  readonly expression: string;
}

/** The variables that a policy's `spec` declares. */
export const variablesOf = (spec: JsonObject): NamedExpression[] =>
  objectsAt(spec, 'variables').map((variable) => ({
    name: textAt(variable, 'name'),
    expression: textAt(variable, 'expression'),
  }));

/** A compiled variable of a policy. */
export interface CompiledVariable {
  readonly name: string;
  readonly text: string;
  readonly compiled: CompiledExpression;
}

/** Compiles the expressions of one policy or webhook. A variable can use the variables that are declared before it. */
export class ExpressionCompiler {
  readonly #options: ScopeOptions;
  readonly #environment: Environment;
  /** The variables in the order of their declarations. */
  readonly variables: readonly CompiledVariable[];

  private constructor(options: ScopeOptions, environment: Environment, variables: readonly CompiledVariable[]) {
    this.#options = options;
    this.#environment = environment;
    this.variables = variables;
  }

  /** Creates a compiler for expressions that have this scope and these variables. */
  static for(options: ScopeOptions, variables: readonly NamedExpression[] = []): ExpressionCompiler {
    const scope = scopeOf(options);
    if (variables.length === 0) return new ExpressionCompiler(options, scope, []);
    const declared = new Map<string, VariableOptions>();
    const compiled: CompiledVariable[] = [];
    const compiler = new ExpressionCompiler(options, scope.extend(declared), compiled);
    for (const { name, expression } of variables) {
      const variable = { name, text: expression, compiled: compiler.compile(expression) };
      compiled.push(variable);
      declared.set(...declarationOf(variable));
    }
    return compiler;
  }

  /** Creates a compiler for message expressions, which can use the same variables except `authorizer`. */
  forTexts(): ExpressionCompiler {
    const options = { ...this.#options, hasAuthorizer: false };
    const environment = scopeOf(options).extend(new Map(this.variables.map(declarationOf)));
    return new ExpressionCompiler(options, environment, this.variables);
  }

  /** The type errors of an expression as one message; `undefined` when the expression has no type errors. */
  typeErrors(text: string): string | undefined {
    const result = this.#environment.check(text);
    return result.ok ? undefined : result.text;
  }

  compile(text: string): CompiledExpression {
    const result = this.#environment.compile(text);
    return result.ok ? result : { ok: false, problem: `compilation failed: ${result.text}` };
  }
}

const declarationOf = ({ name, compiled }: CompiledVariable): [string, VariableOptions] => [
  `variables.${name}`,
  { type: compiled.ok ? compiled.type : DYN, raw: true },
];

/**
 * The API server's message for an expression that does not compile, or whose value has none of the given types.
 * `undefined` for a valid expression.
 */
export function expressionProblem(
  compiler: ExpressionCompiler,
  text: string,
  types: readonly CelType[],
): string | undefined {
  const compiled = compiler.compile(text);
  if (!compiled.ok) return compiled.problem;
  if (types.some((type) => sameType(type, compiled.type))) return undefined;
  const names = types.map((type) => typeToString(type));
  return names.length === 1 ? `must evaluate to ${names.join('')}` : `must evaluate to one of [${names.join(' ')}]`;
}

/** The message for an expression that does not compile or is not a boolean; `undefined` for a valid expression. */
export const conditionProblem = (compiler: ExpressionCompiler, text: string): string | undefined =>
  expressionProblem(compiler, text, [BOOL]);

/**
 * The message for an expression that does not compile or is not a string; `undefined` for a valid expression. With
 * `isNullable`, the value may also be null.
 */
export const textProblem = (compiler: ExpressionCompiler, text: string, isNullable: boolean): string | undefined =>
  expressionProblem(compiler, text, isNullable ? [STRING, NULL] : [STRING]);

/** The message for an invalid expression of a mutating policy; `undefined` for a valid expression. */
export const mutationProblem = (
  compiler: ExpressionCompiler,
  text: string,
  patchType: 'ApplyConfiguration' | 'JSONPatch',
): string | undefined =>
  expressionProblem(compiler, text, [patchType === 'JSONPatch' ? listType(PATCH_TYPE) : OBJECT_TYPE]);
