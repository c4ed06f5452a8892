import { describe, expect, test } from 'vitest';
import { BOOL, STRING } from '@typekro/cel';
import type { KubeObject } from '@typekro/kit/core';
import { AuthorizerValue, ResourceCheck } from './authorizer-library.ts';
import { type ScopeOptions, ExpressionCompiler, expressionProblem } from './cel-compiler.ts';
import { bindVariables, conditionsHold, evaluateExpression } from './evaluate-expression.ts';

const scope: ScopeOptions = { hasParams: true, hasAuthorizer: true };
const authorizer = new AuthorizerValue({ name: 'eve', groups: [] }, (user, { verb, resource, name, path }) => ({
  allowed:
    path === '/healthz' ||
    (user.name === 'eve' ? verb === 'get' && resource === 'pods' && name === 'a' : verb === 'list'),
  reason: `${user.name} ${verb}`,
}));
const object: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', labels: { app: 'web' } } };
const data = {
  object,
  oldObject: null,
  request: { operation: 'CREATE', userInfo: { username: 'eve' }, name: 'a' },
  namespaceObject: { metadata: { name: 'default', labels: { team: 'x' } } },
  params: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'p' }, data: { max: '3' } } as KubeObject,
  authorizer,
  requestResource: new ResourceCheck(authorizer, {
    group: '',
    resource: 'pods',
    subresource: '',
    namespace: '',
    name: 'a',
  }),
};

function evaluate(text: string, variables: readonly { name: string; expression: string }[] = []) {
  const compiler = ExpressionCompiler.for(scope, variables);
  const result = evaluateExpression(compiler.compile(text), text, bindVariables(compiler, data));
  return result.ok ? result.value : result.message;
}

describe('expressions read the request', () => {
  test.each<[string, unknown]>([
    ["object.metadata.labels['app']", 'web'],
    ['oldObject == null', true],
    ["request.operation == 'CREATE'", true],
    ["request.userInfo.username + '@' + request.name", 'eve@a'],
    ['has(request.namespace)', false],
    ["namespaceObject.metadata.labels['team']", 'x'],
    ['int(params.data.max) > 2', true],
    ["authorizer.group('').resource('pods').name('a').check('get').allowed()", true],
    ["authorizer.group('').resource('pods').namespace('n').subresource('log').check('get').allowed()", false],
    ["authorizer.requestResource.check('get').allowed()", true],
    ["authorizer.requestResource.check('delete').reason()", 'eve delete'],
    ["authorizer.requestResource.fieldSelector('a=b').labelSelector('c').check('get').errored()", false],
    ["authorizer.requestResource.check('get').error()", ''],
    ["authorizer.path('/healthz').check('get').allowed()", true],
    ["authorizer.serviceAccount('n', 'robot').group('').resource('pods').check('list').allowed()", true],
    [
      "authorizer.serviceAccount('N!', 'robot').path('/').check('get').allowed()",
      "expression 'authorizer.serviceAccount('N!', 'robot').path('/').check('get').allowed()' resulted in error: Invalid service account namespace",
    ],
    [
      "authorizer.path(' ').check('get').allowed()",
      "expression 'authorizer.path(' ').check('get').allowed()' resulted in error: path must not be empty",
    ],
    ['object.spec.x', "expression 'object.spec.x' resulted in error: no such key: spec"],
  ])('%s', (text, expected) => {
    expect(evaluate(text)).toEqual(expected);
  });
});

describe('permission checks cost as much as in an API server', () => {
  const check = "authorizer.group('').resource('pods').name(x).check('get').allowed()";
  const loop = (count: number, condition: string) =>
    evaluate(`[${Array.from({ length: count }, (_, index) => `'a${index}'`).join()}].all(x, ${condition})`);
  test.each<[string, number, string, boolean]>([
    ['28 checks', 28, `!${check}`, true],
    ['29 checks', 29, `!${check}`, false],
    ['29 checks of which the first is not evaluated', 29, `x == 'a0' || !${check}`, true],
    ['29 checks after a condition', 29, `x != '' && !${check}`, false],
    [
      '29 checks of another account',
      29,
      "authorizer.serviceAccount('n', 'r').path('/').check('list').allowed()",
      false,
    ],
    ['29 checks of the resource of the request', 29, "authorizer.requestResource.check('get').allowed()", false],
  ])('%s', (_, count, condition, passes) => {
    const result = loop(count, condition);
    if (passes) expect(result).toBe(true);
    else expect(result).toMatch(/cost limit exceeded|out of cost budget/);
  });
});

describe('variables', () => {
  const variables = [
    { name: 'app', expression: "object.metadata.labels['app']" },
    { name: 'long', expression: 'variables.app + variables.app' },
    { name: 'broken', expression: 'object.spec.x' },
    { name: 'who', expression: 'request.userInfo' },
  ];

  test.each<[string, unknown]>([
    ["variables.long == 'webweb'", true],
    ['variables.who.username', 'eve'],
    [
      'variables.broken == 1',
      'expression \'variables.broken == 1\' resulted in error: composited variable "broken" fails to evaluate: no such key: spec',
    ],
  ])('are evaluated in %s', (text, expected) => {
    expect(evaluate(text, variables)).toEqual(expected);
  });

  test('a message expression can use variables, but not the authorizer', () => {
    const compiler = ExpressionCompiler.for(scope, variables).forTexts();
    expect(expressionProblem(compiler, 'string(variables.long)', [STRING])).toBeUndefined();
    expect(expressionProblem(compiler, "authorizer.path('/').check('get').reason()", [STRING])).toContain(
      "undeclared reference to 'authorizer'",
    );
    const asking = [{ name: 'may', expression: "authorizer.path('/').check('get').allowed()" }];
    expect(
      expressionProblem(ExpressionCompiler.for(scope, asking).forTexts(), 'string(variables.may)', [STRING]),
    ).toBeUndefined();
  });
});

describe('problems of expressions', () => {
  test.each<[string, string | undefined]>([
    ['true', undefined],
    ['1', 'must evaluate to bool'],
    ['object.spec.x', 'must evaluate to bool'],
    ['request.nope', "compilation failed: ERROR: <input>:1:8: undefined field 'nope'\n | request.nope\n | .......^"],
  ])('expressionProblem of %s is %j', (text, expected) => {
    expect(expressionProblem(ExpressionCompiler.for(scope), text, [BOOL])).toBe(expected);
  });

  test('the variable params is undeclared for a policy without parameters', () => {
    const compiler = ExpressionCompiler.for({ hasParams: false, hasAuthorizer: true });
    expect(expressionProblem(compiler, 'params == null', [BOOL])).toContain("undeclared reference to 'params'");
  });
});

describe('conditions', () => {
  const hold = (texts: readonly string[], ignoresErrors: boolean) => {
    const compiler = ExpressionCompiler.for(scope);
    const conditions = texts.map((expression, index) => ({
      name: `c${index}`,
      expression,
      compiled: compiler.compile(expression),
    }));
    return conditionsHold(conditions, bindVariables(compiler, data), ignoresErrors);
  };
  const problem = "expression 'object.spec.x == 1' resulted in error: no such key: spec";

  test.each<[readonly string[], boolean, ReturnType<typeof hold>]>([
    [[], false, true],
    [['true', 'true'], false, true],
    [['true', 'false'], false, false],
    [['object.spec.x == 1', 'false'], false, false],
    [['object.spec.x == 1', 'true'], false, { problem }],
    [['object.spec.x == 1', 'object.spec.x == 1'], false, { problem: `[${problem}, ${problem}]` }],
    [['object.spec.x == 1', 'true'], true, false],
  ])('conditionsHold of %j with ignoresErrors = %s is %j', (texts, ignoresErrors, expected) => {
    expect(hold(texts, ignoresErrors)).toEqual(expected);
  });

  test('an evaluation stops at the cost limit of an API server', () => {
    const list = `[${Array.from({ length: 200 }, () => '1').join(',')}]`;
    const text = `${list}.all(a, ${list}.all(b, ${list}.all(c, a + b + c > 0)))`;
    expect(evaluate(text)).toBe(
      `expression '${text}' resulted in error: operation cancelled: actual cost limit exceeded`,
    );
  });

  test('the expressions of a policy share one cost budget', () => {
    const list = `[${Array.from({ length: 200 }, () => '1').join(',')}]`;
    const text = `${list}.all(a, ${list}.all(b, a + b > 0))`;
    const compiler = ExpressionCompiler.for(scope);
    const [compiled, variables] = [compiler.compile(text), bindVariables(compiler, data)];
    const values = Array.from({ length: 100 }, () => evaluateExpression(compiled, text, variables));
    expect(values[0]).toEqual({ ok: true, value: true });
    expect(values.at(-1)).toEqual({
      ok: false,
      message: 'validation failed due to running out of cost budget, no further validation rules will be run',
    });
  });

  test.each([
    ['that ends', 'a + b > 0', /^true$/],
    ['that its own limit stops', "[1, 2, 3].all(c, [1, 2, 3].all(d, 'x'.contains('x')))", /actual cost limit exceeded/],
  ])('all policies of a request share one more budget, also for an expression %s', (_what, body, first) => {
    const list = `[${Array.from({ length: 300 }, () => '1').join(',')}]`;
    const text = `${list}.all(a, ${list}.all(b, ${body}))`;
    const compiler = ExpressionCompiler.for(scope);
    const compiled = compiler.compile(text);
    const total = { left: 3_000_000 };
    const values = Array.from({ length: 50 }, () => {
      const result = evaluateExpression(compiled, text, bindVariables(compiler, { ...data, total }));
      return result.ok ? String(result.value) : result.message;
    });
    expect(values[0]).toMatch(first);
    expect(values.at(-1)).toContain('running out of cost budget');
  });
});
