/** ValidatingAdmissionPolicies and MutatingAdmissionPolicies, and their bindings. */
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import {
  dns1035Label,
  dnsSubdomain,
  listAt,
  objectAt,
  objectsAt,
  optionalAt,
  pathSegment,
  qualifiedName,
  textAt,
} from '@typekro/kit/kubernetes';
import type { SchemaEngine } from '../crd/needs-schemas.ts';
import { type Problems, fieldRequired } from '../errors/field-problems.ts';
import { fill } from '../types/parts.ts';
import { defaultMatchResources, validateMatchConditions, validateMatchResources } from './admission-rules.ts';
import { checkParamKind, checkParamRef } from './param-rights.ts';
import { validateSelector } from './validate-selector.ts';
import type { Strategy } from './strategy.ts';

const FAILURE_POLICIES = ['Fail', 'Ignore'];
const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];
const ACTIONS = ['Audit', 'Deny', 'Warn'];

const specOf = (object: KubeObject): JsonObject => objectAt(object, 'spec');

const policyStrategy = (validate: typeof validatePolicy): Partial<Strategy> => ({
  defaults(object) {
    const spec = optionalAt(object, 'spec');
    if (spec === undefined) return;
    fill(spec, { failurePolicy: 'Fail' });
    defaultMatchResources(optionalAt(spec, 'matchConstraints'));
  },
  validate(object, problems, context, old) {
    if (context.subresource !== '') return;
    validate(object, problems, context.schemas());
    checkParamKind(object, old, problems, context);
  },
});

/** The strategy of ValidatingAdmissionPolicies. */
export const validatingPolicyStrategy: Partial<Strategy> = policyStrategy(validatePolicy);

type Compiler = ReturnType<SchemaEngine['ExpressionCompiler']['for']>;

/**
 * Checks the fields that validating and mutating policies have in common. Returns the compiler for the other
 * expressions, such as validations and mutations, which may use the policy's variables.
 */
function validateCommon(spec: JsonObject, hasMutations: boolean, problems: Problems, engine: SchemaEngine): Compiler {
  const failure = textAt(spec, 'failurePolicy');
  problems.requireOneOf('spec.failurePolicy', failure, FAILURE_POLICIES);
  const kind = optionalAt(spec, 'paramKind');
  if (kind !== undefined) validateParamKind(kind, problems);
  const match = optionalAt(spec, 'matchConstraints');
  if (match === undefined) problems.required('spec.matchConstraints');
  else {
    validateMatchResources(match, 'spec.matchConstraints', problems);
    if (objectsAt(match, 'resourceRules').length === 0) problems.required('spec.matchConstraints.resourceRules');
  }
  const scope = { hasParams: kind !== undefined, hasAuthorizer: true, hasMutations };
  const plain = engine.ExpressionCompiler.for(scope);
  validateMatchConditions(objectsAt(spec, 'matchConditions'), 'spec.matchConditions', problems, (expression) =>
    engine.conditionProblem(plain, expression),
  );
  const variables = objectsAt(spec, 'variables');
  const named = variables.map((variable) => ({
    name: textAt(variable, 'name'),
    expression: textAt(variable, 'expression'),
  }));
  const compiler = engine.ExpressionCompiler.for(scope, named);
  validateVariables(compiler, problems);
  return compiler;
}

function validatePolicy(policy: KubeObject, problems: Problems, engine: SchemaEngine) {
  const spec = specOf(policy);
  const compiler = validateCommon(spec, false, problems, engine);
  const validations = objectsAt(spec, 'validations');
  const annotations = objectsAt(spec, 'auditAnnotations');
  if (validations.length === 0 && annotations.length === 0) {
    const problem = 'validations or auditAnnotations must contain at least one item';
    problems.push(fieldRequired('spec.validations', problem), fieldRequired('spec.auditAnnotations', problem));
    return;
  }
  const texts = compiler.forTexts();
  for (const [index, validation] of validations.entries())
    validateValidation(validation, `spec.validations[${index}]`, problems, { engine, compiler, texts });
  validateAnnotations(policy.metadata.name ?? '', annotations, problems, (text) =>
    engine.textProblem(compiler, text, true),
  );
}

function validateParamKind(kind: JsonObject, problems: Problems) {
  const at = 'spec.paramKind';
  const [apiVersion, name] = [textAt(kind, 'apiVersion'), textAt(kind, 'kind')];
  const parts = apiVersion.split('/');
  if (apiVersion === '') problems.required(`${at}.apiVersion`);
  else if (parts.length > 2)
    problems.invalid(`${at}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  else {
    const [group, version = ''] = parts.length === 2 ? parts : ['', apiVersion];
    const wrong = group === '' ? [] : dnsSubdomain(group ?? '');
    if (wrong.length > 0) problems.invalid(`${at}.apiVersion`, group, wrong.join(','));
    const label = dns1035Label(version);
    if (version === '') problems.invalid(`${at}.apiVersion`, apiVersion, 'version must be specified');
    else if (label.length > 0) problems.invalid(`${at}.apiVersion`, version, label.join(','));
  }
  const label = dns1035Label(name.toLowerCase());
  if (name === '') problems.required(`${at}.kind`);
  else if (label.length > 0) {
    const problem = `may have mixed case, but should otherwise match: ${label.join(',')}`;
    problems.invalid(`${at}.kind`, name, problem);
  }
}

const IDENTIFIER = /^[A-Z_a-z]\w*$/;
const RESERVED: ReadonlySet<string> = new Set(
  'as break const continue else false for function if import in let loop namespace null package return true var void while'.split(
    ' ',
  ),
);

function validateVariables({ variables }: Compiler, problems: Problems) {
  for (const [index, { name, text, compiled }] of variables.entries()) {
    const at = `spec.variables[${index}]`;
    if (name.trim() === '') problems.required(`${at}.name`, 'name is not specified');
    else if (!IDENTIFIER.test(name) || RESERVED.has(name))
      problems.invalid(`${at}.name`, name, 'name is not a valid CEL identifier');
    if (text.trim() === '') problems.required(`${at}.expression`, 'expression is not specified');
    else if (!compiled.ok) problems.invalid(`${at}.expression`, text, compiled.problem);
  }
}

interface Compilers {
  readonly engine: SchemaEngine;
  readonly compiler: Compiler;
  /** The compiler for message expressions. */
  readonly texts: Compiler;
}

function validateValidation(
  validation: JsonObject,
  at: string,
  problems: Problems,
  { engine, compiler, texts }: Compilers,
) {
  const expression = textAt(validation, 'expression');
  if (expression.trim() === '') problems.required(`${at}.expression`, 'expression is not specified');
  else addProblem(problems, `${at}.expression`, expression, engine.conditionProblem(compiler, expression));
  const message = textAt(validation, 'messageExpression');
  if (message !== '' && message.trim() === '')
    problems.invalid(`${at}.messageExpression`, message, 'must be non-empty if specified');
  else if (message !== '')
    addProblem(problems, `${at}.messageExpression`, message, engine.textProblem(texts, message, false));
  const text = textAt(validation, 'message');
  if (text !== '' && text.trim() === '')
    problems.invalid(`${at}.message`, text, 'message must be non-empty if specified');
  else if (/[\n\r]/.test(text.trim())) problems.invalid(`${at}.message`, text, 'message must not contain line breaks');
  const reason = validation['reason'];
  if (reason !== undefined && reason !== null && !REASONS.includes(String(reason)))
    problems.notSupported(`${at}.reason`, reason, REASONS);
}

function addProblem(problems: Problems, field: string, text: string, problem: string | undefined) {
  if (problem !== undefined) problems.invalid(field, text, problem);
}

const MAX_ANNOTATIONS = 20;
const MAX_VALUE_BYTES = 5 * 1024;

function validateAnnotations(
  name: string,
  annotations: readonly JsonObject[],
  problems: Problems,
  problemOf: (text: string) => string | undefined,
) {
  if (annotations.length > MAX_ANNOTATIONS) {
    const problem = `must not have more than ${MAX_ANNOTATIONS} auditAnnotations`;
    problems.invalid('spec.auditAnnotations', annotations, problem);
  }
  const keys = new Set<string>();
  for (const [index, annotation] of annotations.entries()) {
    const at = `spec.auditAnnotations[${index}]`;
    const key = textAt(annotation, 'key');
    const full = `${name}/${key}`;
    if (name === '') problems.invalid(`${at}.key`, key, 'requires metadata.name be non-empty');
    else problems.invalidFor(`${at}.key`, full, qualifiedName(full));
    const text = textAt(annotation, 'valueExpression').trim();
    if (text === '') problems.required(`${at}.valueExpression`, 'valueExpression is not specified');
    else if (Buffer.byteLength(text) > MAX_VALUE_BYTES)
      problems.required(`${at}.valueExpression`, `must not exceed ${MAX_VALUE_BYTES} bytes in length`);
    else addProblem(problems, `${at}.valueExpression`, text, problemOf(text));
    if (keys.has(key)) problems.duplicate(`${at}.key`, key);
    keys.add(key);
  }
}

const REINVOCATION_POLICIES = ['IfNeeded', 'Never'];
const PATCH_TYPES = ['ApplyConfiguration', 'JSONPatch'];

/** The strategy of MutatingAdmissionPolicies. */
export const mutatingPolicyStrategy: Partial<Strategy> = policyStrategy(validateMutatingPolicy);

function validateMutatingPolicy(object: KubeObject, problems: Problems, engine: SchemaEngine) {
  const spec = specOf(object);
  const compiler = validateCommon(spec, true, problems, engine);
  const policy = textAt(spec, 'reinvocationPolicy');
  if (policy === '') problems.required('spec.reinvocationPolicy');
  else problems.requireOneOf('spec.reinvocationPolicy', policy, REINVOCATION_POLICIES);
  const mutations = objectsAt(spec, 'mutations');
  if (mutations.length === 0) problems.required('spec.mutations', 'mutations must contain at least one item');
  for (const [index, mutation] of mutations.entries())
    validateMutation(mutation, `spec.mutations[${index}]`, problems, (text, type) =>
      engine.mutationProblem(compiler, text, type),
    );
}

function validateMutation(
  mutation: JsonObject,
  at: string,
  problems: Problems,
  problemOf: (text: string, type: 'ApplyConfiguration' | 'JSONPatch') => string | undefined,
) {
  const type = textAt(mutation, 'patchType');
  if (type === '') problems.required(`${at}.patchType`);
  else problems.requireOneOf(`${at}.patchType`, type, PATCH_TYPES);
  for (const [own, key] of [
    ['ApplyConfiguration', 'applyConfiguration'],
    ['JSONPatch', 'jsonPatch'],
  ] as const) {
    const part = optionalAt(mutation, key);
    if (type !== own && part !== undefined)
      problems.forbidden(`${at}.${key}`, `must not be specified when patchType is ${type}`);
    if (type !== own) continue;
    const text = textAt(part, 'expression');
    if (part === undefined) problems.required(`${at}.${key}`, `must be specified when patchType is ${own}`);
    else if (text.trim() === '') problems.required(`${at}.${key}.expression`, 'expression is not specified');
    else addProblem(problems, `${at}.${key}.expression`, text, problemOf(text, own));
  }
}

const bindingStrategy = (policies: Parameters<typeof checkParamRef>[0]): Partial<Strategy> => ({
  defaults: (object) => defaultMatchResources(optionalAt(object, 'spec', 'matchResources')),
  validate(object, problems, context, old) {
    const spec = specOf(object);
    validateBinding(spec, problems);
    if (policies === 'validatingadmissionpolicies') validateActions(listAt(spec, 'validationActions'), problems);
    checkParamRef(policies, object, old, problems, context);
  },
});

/** The strategy of MutatingAdmissionPolicyBindings. */
export const mutatingBindingStrategy: Partial<Strategy> = bindingStrategy('mutatingadmissionpolicies');

/** The strategy of ValidatingAdmissionPolicyBindings. */
export const validatingBindingStrategy: Partial<Strategy> = bindingStrategy('validatingadmissionpolicies');

function validateBinding(spec: JsonObject, problems: Problems) {
  const policy = textAt(spec, 'policyName');
  problems.requireName('spec.policyName', policy, dnsSubdomain);
  const params = optionalAt(spec, 'paramRef');
  if (params !== undefined) validateParamRef(params, problems);
  const match = optionalAt(spec, 'matchResources');
  // The spelling `matchResouces` is the API server's.
  if (match !== undefined) validateMatchResources(match, 'spec.matchResouces', problems);
}

const NOT_FOUND_ACTIONS = ['Deny', 'Allow'];

function validateParamRef(ref: JsonObject, problems: Problems) {
  const at = 'spec.paramRef';
  const name = textAt(ref, 'name');
  const selector = optionalAt(ref, 'selector');
  const exclusive = 'name and selector are mutually exclusive';
  problems.invalidFor(`${at}.name`, name, pathSegment(name));
  if (name !== '' && selector !== undefined) problems.forbidden(`${at}.name`, exclusive);
  if (selector !== undefined) validateSelector(selector, `${at}.selector`, problems);
  if (name !== '' && selector !== undefined) problems.forbidden(`${at}.selector`, exclusive);
  if (name === '' && selector === undefined) problems.required(at, 'one of name or selector must be specified');
  const action = textAt(ref, 'parameterNotFoundAction');
  if (action === '') problems.required(`${at}.parameterNotFoundAction`);
  else problems.requireOneOf(`${at}.parameterNotFoundAction`, action, NOT_FOUND_ACTIONS);
}

function validateActions(actions: readonly JsonValue[], problems: Problems) {
  const at = 'spec.validationActions';
  const seen = new Set<JsonValue>();
  for (const [index, action] of actions.entries()) {
    problems.requireOneOf(`${at}[${index}]`, action, ACTIONS);
    if (seen.has(action)) problems.duplicate(`${at}[${index}]`, action);
    seen.add(action);
  }
  if (seen.has('Deny') && seen.has('Warn')) {
    const problem =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
    problems.invalid(at, actions, problem);
  }
  if (actions.length === 0) problems.required(at, 'at least one validation action is required');
}
