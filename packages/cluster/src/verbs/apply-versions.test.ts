/**
 * Server-side apply of custom resources whose `managedFields` entries have versions other than that of the request. The
 * expected messages are kube-apiserver's messages.
 */
import { describe, expect, test } from 'vitest';
import { crdOf } from '@typekro/kit/test-support/crd';
import type { JsonObject } from '@typekro/kit/core';
import { createEmbeddedCluster } from '../cluster.ts';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const text = { type: 'string' };

const version = (name: string, storage: boolean, fields: JsonObject) => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: fields } } } },
});

interface Gear {
  readonly message?: string;
  readonly metadata: { readonly managedFields?: readonly { manager: string; operation: string; apiVersion: string }[] };
  readonly spec?: Readonly<Record<string, string>>;
}

/**
 * A cluster with the kind Gear. After the objects are created, the kind gets the version v1, which has the additional
 * field `b`.
 */
async function story(field: JsonObject, made: readonly string[]) {
  const cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const send = async (method: string, path: string, body: object, type = 'application/json') => {
    const headers = { 'content-type': type };
    const reply = await transport.request({ method, path, headers, body: JSON.stringify(body) });
    let answer = '';
    for await (const chunk of reply.body) answer += Buffer.from(chunk).toString('utf8');
    return { status: reply.status, answer: JSON.parse(answer) as Gear };
  };
  const path = (name: string, manager: string, served = 'v1') =>
    `/apis/example.com/${served}/namespaces/default/gears/${name}?fieldManager=${manager}`;
  const apply = (name: string, manager: string, spec: object, served = 'v1') =>
    send(
      'PATCH',
      `${path(name, manager, served)}&force=true`,
      { apiVersion: `example.com/${served}`, kind: 'Gear', metadata: { name }, spec },
      'application/apply-patch+yaml',
    );
  const merge = (name: string, manager: string, spec: object) =>
    send('PATCH', path(name, manager), { spec }, 'application/merge-patch+json');
  const crd = crdOf('Gear');
  const fields = { a: text, c: text };
  const versions = (list: object[]) => ({ ...crd, spec: { ...crd.spec, versions: list } });
  await send('POST', DEFINITIONS, versions([version('v1beta1', true, fields)]));
  for (const name of made) await apply(name, 'one', { a: '1' }, 'v1beta1');
  await send(
    'PATCH',
    `${DEFINITIONS}/gears.example.com`,
    { spec: { versions: [version('v1beta1', false, fields), version('v1', true, { ...fields, b: field })] } },
    'application/merge-patch+json',
  );
  return { apply, merge, [Symbol.asyncDispose]: () => cluster.close() };
}

const owners = ({ metadata: { managedFields = [] } }: Gear) =>
  managedFields.map(({ manager, operation, apiVersion }) => `${manager} ${operation} ${apiVersion}`);

describe('a field that the version of a managedFields entry does not declare', () => {
  const undeclared = '.spec.b: field not declared in schema';

  test.each([
    ['one', `failed to prune fields: failed to convert merged object to last applied version: ${undeclared}`],
    ['two', `failed to convert new object: ${undeclared}`],
  ])('cannot be set by an apply of the manager "%s"', async (manager, message) => {
    await using cluster = await story(text, ['x']);
    expect(await cluster.apply('x', manager, { a: '1', b: '2' })).toMatchObject({ status: 500, answer: { message } });
  });

  test('causes the refusal of all applies when the stored object has the default of the field', async () => {
    await using cluster = await story({ ...text, default: 'd' }, ['x']);
    const first = await cluster.apply('x', 'two', { c: '1' });
    expect(first).toMatchObject({ status: 200, answer: { spec: { a: '1', b: 'd', c: '1' } } });
    expect(owners(first.answer)).toEqual(['one Apply example.com/v1beta1', 'two Apply example.com/v1']);
    for (const c of ['1', '2']) {
      expect(await cluster.apply('x', 'two', { c })).toMatchObject({ status: 500, answer: { message: undeclared } });
    }
  });

  test('causes no refusal when the only entry moves to the new version', async () => {
    await using cluster = await story({ ...text, default: 'd' }, ['x']);
    for (let time = 0; time < 2; time++) {
      const { status, answer } = await cluster.apply('x', 'one', { a: '1' });
      expect([status, owners(answer)]).toEqual([200, ['one Apply example.com/v1']]);
    }
  });

  test('causes a write other than an apply to remove all entries', async () => {
    await using cluster = await story({ ...text, default: 'd' }, ['x']);
    const { status, answer } = await cluster.merge('x', 'three', { c: '9' });
    expect([status, answer.metadata.managedFields]).toEqual([200, undefined]);
    const next = await cluster.apply('x', 'one', { a: '1' });
    expect(owners(next.answer)).toEqual(['one Apply example.com/v1', 'before-first-apply Update example.com/v1']);
  });
});
