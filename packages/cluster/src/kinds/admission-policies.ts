/** ValidatingAdmissionPolicies and MutatingAdmissionPolicies, and their bindings. */
import { dns1035Label, dnsSubdomain, optionalAt, pathSegment, qualifiedName } from '@typekro/kit/kubernetes';
import type { SchemaEngine } from '../crd/needs-schemas.ts';
import { Field, repeatedFields } from '../errors/field-problems.ts';
import { fill } from '../types/parts.ts';
import { defaultMatchResources, validateMatchConditions, validateMatchResources } from './admission-rules.ts';
import { checkParamKind, checkParamRef } from './param-rights.ts';
import { validateSelector } from './validate-selector.ts';
import type { Strategy } from './strategy.ts';

const FAILURE_POLICIES = ['Fail', 'Ignore'];
const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];
const ACTIONS = ['Audit', 'Deny', 'Warn'];

const policyStrategy = (validate: typeof validatePolicy): Partial<Strategy> => ({
  defaults(object) {
    const spec = optionalAt(object, 'spec');
    if (spec === undefined) return;
    fill(spec, { failurePolicy: 'Fail' });
    defaultMatchResources(optionalAt(spec, 'matchConstraints'));
  },
  validate(object, problems, context, old) {
    if (context.subresource !== '') return;
    validate(problems.field('spec', object.spec), object.metadata.name ?? '', context.schemas());
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
function validateCommon(spec: Field, hasMutations: boolean, engine: SchemaEngine): Compiler {
  spec.text('failurePolicy').oneOf(FAILURE_POLICIES);
  const kind = spec.optional('paramKind');
  if (kind !== undefined) validateParamKind(kind);
  const match = spec.optional('matchConstraints');
  if (match === undefined) spec.member('matchConstraints').required();
  else {
    validateMatchResources(match);
    match.list('resourceRules').notEmpty();
  }
  const scope = { hasParams: kind !== undefined, hasAuthorizer: true, hasMutations };
  const plain = engine.ExpressionCompiler.for(scope);
  validateMatchConditions(spec, (expression) => engine.conditionProblem(plain, expression));
  const named = spec
    .objects('variables')
    .map((variable) => ({ name: variable.text('name').value, expression: variable.text('expression').value }));
  const compiler = engine.ExpressionCompiler.for(scope, named);
  validateVariables(compiler, spec);
  return compiler;
}

function validatePolicy(spec: Field, name: string, engine: SchemaEngine) {
  const compiler = validateCommon(spec, false, engine);
  const [validations, annotations] = [spec.list('validations'), spec.list('auditAnnotations')];
  if (validations.value.length === 0 && annotations.value.length === 0) {
    for (const list of [validations, annotations])
      list.required('validations or auditAnnotations must contain at least one item');
    return;
  }
  const texts = compiler.forTexts();
  for (const validation of spec.objects('validations')) validateValidation(validation, { engine, compiler, texts });
  validateAuditAnnotations(name, spec, (text) => engine.textProblem(compiler, text, true));
}

function validateParamKind(ref: Field) {
  const [apiVersion, kind] = [ref.text('apiVersion'), ref.text('kind')];
  const parts = apiVersion.value.split('/');
  if (apiVersion.value === '') apiVersion.required();
  else if (parts.length > 2) apiVersion.invalid(`unexpected GroupVersion string: ${apiVersion.value}`);
  else {
    const [group = '', version = ''] = parts.length === 2 ? parts : ['', apiVersion.value];
    const wrong = group === '' ? [] : dnsSubdomain(group);
    if (wrong.length > 0) apiVersion.invalid(wrong.join(','), group);
    const label = dns1035Label(version);
    if (version === '') apiVersion.invalid('version must be specified');
    else if (label.length > 0) apiVersion.invalid(label.join(','), version);
  }
  const label = dns1035Label(kind.value.toLowerCase());
  if (kind.value === '') kind.required();
  else if (label.length > 0) kind.invalid(`may have mixed case, but should otherwise match: ${label.join(',')}`);
}

const IDENTIFIER = /^[A-Z_a-z]\w*$/;
const RESERVED: ReadonlySet<string> = new Set(
  'as break const continue else false for function if import in let loop namespace null package return true var void while'.split(
    ' ',
  ),
);

function validateVariables({ variables }: Compiler, spec: Field) {
  for (const [index, variable] of spec.objects('variables').entries()) {
    const [name, expression] = [variable.text('name'), variable.text('expression')];
    if (name.value.trim() === '') name.required('name is not specified');
    else if (!IDENTIFIER.test(name.value) || RESERVED.has(name.value))
      name.invalid('name is not a valid CEL identifier');
    checkExpression(expression, () => {
      const compiled = variables[index]?.compiled;
      return compiled?.ok === false ? compiled.problem : undefined;
    });
  }
}

interface Compilers {
  readonly engine: SchemaEngine;
  readonly compiler: Compiler;
  /** The compiler for message expressions. */
  readonly texts: Compiler;
}

function validateValidation(validation: Field, { engine, compiler, texts }: Compilers) {
  checkExpression(validation.text('expression'), (text) => engine.conditionProblem(compiler, text));
  const message = validation.text('messageExpression');
  if (message.value !== '' && message.value.trim() === '') message.invalid('must be non-empty if specified');
  else if (message.value !== '') message.problem(engine.textProblem(texts, message.value, false));
  const text = validation.text('message');
  if (text.value !== '' && text.value.trim() === '') text.invalid('message must be non-empty if specified');
  else if (/[\n\r]/.test(text.value.trim())) text.invalid('message must not contain line breaks');
  const reason = validation.member('reason');
  if ((reason.value ?? null) !== null && !REASONS.includes(String(reason.value))) reason.notSupported(REASONS);
}

function checkExpression(expression: Field<string>, problemOf: (text: string) => string | undefined) {
  if (expression.value.trim() === '') expression.required('expression is not specified');
  else expression.problem(problemOf(expression.value));
}

const MAX_ANNOTATIONS = 20;
const MAX_VALUE_BYTES = 5 * 1024;

function validateAuditAnnotations(name: string, spec: Field, problemOf: (text: string) => string | undefined) {
  const list = spec.list('auditAnnotations');
  if (list.value.length > MAX_ANNOTATIONS) list.invalid(`must not have more than ${MAX_ANNOTATIONS} auditAnnotations`);
  const annotations = spec.objects('auditAnnotations');
  const repeated = repeatedFields(annotations.map((annotation) => annotation.text('key')));
  for (const annotation of annotations) {
    const [key, expression] = [annotation.text('key'), annotation.text('valueExpression')];
    const full = `${name}/${key.value}`;
    if (name === '') key.invalid('requires metadata.name be non-empty');
    else spec.problems.invalidFor(key.path, full, qualifiedName(full));
    const text = expression.value.trim();
    if (text === '') expression.required('valueExpression is not specified');
    else if (Buffer.byteLength(text) > MAX_VALUE_BYTES)
      expression.required(`must not exceed ${MAX_VALUE_BYTES} bytes in length`);
    else new Field(text, expression.path, spec.problems).problem(problemOf(text));
    if (repeated.has(key.path)) key.duplicate();
  }
}

const REINVOCATION_POLICIES = ['IfNeeded', 'Never'];
const PATCH_TYPES = ['ApplyConfiguration', 'JSONPatch'];

/** The strategy of MutatingAdmissionPolicies. */
export const mutatingPolicyStrategy: Partial<Strategy> = policyStrategy(validateMutatingPolicy);

function validateMutatingPolicy(spec: Field, _name: string, engine: SchemaEngine) {
  const compiler = validateCommon(spec, true, engine);
  spec.text('reinvocationPolicy').requiredOneOf(REINVOCATION_POLICIES);
  spec.list('mutations').notEmpty('mutations must contain at least one item');
  for (const mutation of spec.objects('mutations'))
    validateMutation(mutation, (text, type) => engine.mutationProblem(compiler, text, type));
}

function validateMutation(
  mutation: Field,
  problemOf: (text: string, type: 'ApplyConfiguration' | 'JSONPatch') => string | undefined,
) {
  const type = mutation.text('patchType');
  type.requiredOneOf(PATCH_TYPES);
  for (const [own, key] of [
    ['ApplyConfiguration', 'applyConfiguration'],
    ['JSONPatch', 'jsonPatch'],
  ] as const) {
    const part = mutation.optional(key);
    if (type.value !== own) part?.forbidden(`must not be specified when patchType is ${type.value}`);
    else if (part === undefined) mutation.member(key).required(`must be specified when patchType is ${own}`);
    else checkExpression(part.text('expression'), (text) => problemOf(text, own));
  }
}

const bindingStrategy = (policies: Parameters<typeof checkParamRef>[0]): Partial<Strategy> => ({
  defaults: (object) => defaultMatchResources(optionalAt(object, 'spec', 'matchResources')),
  validate(object, problems, context, old) {
    const spec = problems.field('spec', object.spec);
    validateBinding(spec);
    if (policies === 'validatingadmissionpolicies') validateActions(spec);
    checkParamRef(policies, object, old, problems, context);
  },
});

/** The strategy of MutatingAdmissionPolicyBindings. */
export const mutatingBindingStrategy: Partial<Strategy> = bindingStrategy('mutatingadmissionpolicies');

/** The strategy of ValidatingAdmissionPolicyBindings. */
export const validatingBindingStrategy: Partial<Strategy> = bindingStrategy('validatingadmissionpolicies');

function validateBinding(spec: Field) {
  spec.text('policyName').name(dnsSubdomain);
  const params = spec.optional('paramRef');
  if (params !== undefined) validateParamRef(params);
  const match = spec.optional('matchResources');
  // The spelling `matchResouces` is the API server's.
  if (match !== undefined) validateMatchResources(match.at('spec.matchResouces'));
}

const NOT_FOUND_ACTIONS = ['Deny', 'Allow'];

function validateParamRef(ref: Field) {
  const [name, selector] = [ref.text('name'), ref.optional('selector')];
  const exclusive = 'name and selector are mutually exclusive';
  name.matches(pathSegment);
  if (name.value !== '' && selector !== undefined) name.forbidden(exclusive);
  if (selector !== undefined) validateSelector(selector);
  if (name.value !== '') selector?.forbidden(exclusive);
  if (name.value === '' && selector === undefined) ref.required('one of name or selector must be specified');
  ref.text('parameterNotFoundAction').requiredOneOf(NOT_FOUND_ACTIONS);
}

function validateActions(spec: Field) {
  const [list, actions] = [spec.list('validationActions'), spec.texts('validationActions')];
  const repeated = repeatedFields(actions);
  for (const action of actions) {
    action.oneOf(ACTIONS);
    if (repeated.has(action.path)) action.duplicate();
  }
  if (['Deny', 'Warn'].every((action) => list.value.includes(action)))
    list.invalid(
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    );
  list.notEmpty('at least one validation action is required');
}
