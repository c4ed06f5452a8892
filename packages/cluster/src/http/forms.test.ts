import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, createEmbeddedCluster } from '../cluster.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const PARTIAL = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
const TYPES = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
const NAMESPACE = '/api/v1/namespaces/default';
const AUTHORIZATION = '/apis/authorization.k8s.io/v1';

let cluster: Cluster;

async function send(method: string, path: string, accept: string, body?: object) {
  const reply = await cluster
    .transport()
    .request({
      method,
      path,
      headers: { 'content-type': 'application/json', accept },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  let text = '';
  for await (const chunk of reply.body) text += Buffer.from(chunk).toString('utf8');
  const answer = JSON.parse(text) as { kind?: string; apiVersion?: string; message?: string };
  return { status: reply.status, kind: answer.kind, apiVersion: answer.apiVersion, message: answer.message };
}

beforeAll(async () => {
  cluster = await createEmbeddedCluster({ controllers: false });
});
afterAll(() => cluster.close());

test.each([
  [`${AUTHORIZATION}/selfsubjectaccessreviews`, { spec: { nonResourceAttributes: { path: '/', verb: 'get' } } }],
  [`${AUTHORIZATION}/subjectaccessreviews`, { spec: { user: 'u', nonResourceAttributes: { path: '/', verb: 'get' } } }],
  [`${AUTHORIZATION}/namespaces/default/localsubjectaccessreviews`, {}],
  [`${AUTHORIZATION}/selfsubjectrulesreviews`, { spec: { namespace: 'default' } }],
  ['/apis/authentication.k8s.io/v1/selfsubjectreviews', {}],
  ['/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: 't' } }],
])('the response of %s cannot be a table', async (path, body) => {
  expect(await send('POST', path, TABLE, body)).toMatchObject({
    status: 406,
    message: `only the following media types are accepted: ${TYPES}`,
  });
  expect((await send('POST', path, `${TABLE},application/json`, body)).kind).not.toBe('Table');
});

test.each(['', '/status'])(
  'the response to a write of a namespace%s can be a table or metadata',
  async (subresource) => {
    const body = { metadata: { name: 'default' } };
    expect(await send('PUT', `${NAMESPACE}${subresource}`, TABLE, body)).toMatchObject({ status: 200, kind: 'Table' });
    expect(await send('PUT', `${NAMESPACE}${subresource}`, PARTIAL, body)).toMatchObject({
      status: 200,
      kind: 'PartialObjectMetadata',
    });
  },
);

const INVALID =
  "Unable to convert to Table as requested: includeObject: Invalid value: \"All\": must be 'Metadata', 'Object', 'None', or empty";

test.each([
  ['GET', NAMESPACE],
  ['GET', '/api/v1/namespaces'],
  ['GET', '/api/v1/secrets'],
  ['GET', '/api/v1/namespaces', 'watch=true'],
  ['PUT', NAMESPACE],
])('%s %s as a table is refused when includeObject is invalid', async (method, path, more = '') => {
  const body = method === 'PUT' ? { metadata: { name: 'default' } } : undefined;
  expect(await send(method, `${path}?includeObject=All&${more}`, TABLE, body)).toMatchObject({
    status: 400,
    message: INVALID,
  });
  if (more !== '') return;
  expect((await send(method, `${path}?includeObject=All`, 'application/json', body)).status).toBe(200);
  expect((await send(method, `${path}?includeObject=Metadata`, TABLE, body)).kind).toBe('Table');
});

const partial = (kind: string, version: string): string => `application/json;as=${kind};v=${version};g=meta.k8s.io`;

test.each([
  [NAMESPACE, 'PartialObjectMetadata', 'v1', undefined],
  [NAMESPACE, 'PartialObjectMetadata', 'v1beta1', undefined],
  ['/api/v1/namespaces', 'PartialObjectMetadataList', 'v1', undefined],
  ['/api/v1/namespaces', 'PartialObjectMetadataList', 'v1beta1', undefined],
  [
    NAMESPACE,
    'PartialObjectMetadataList',
    'v1',
    'you requested PartialObjectMetadataList, but the requested object is not a list (*core.Namespace)',
  ],
  [
    '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    'PartialObjectMetadata',
    'v1',
    'you requested PartialObjectMetadata, but the requested object is a list (*rbac.ClusterRoleList)',
  ],
  [NAMESPACE, 'PartialObjectMetadataX', 'v1', `only the following media types are accepted: ${TYPES}`],
])('%s is returned or refused as %s of the version %s', async (path, kind, version, refusal) => {
  const reply = await send('GET', path, partial(kind, version));
  expect(reply).toMatchObject(
    refusal === undefined
      ? { status: 200, kind, apiVersion: `meta.k8s.io/${version}` }
      : { status: 406, kind: 'Status', message: refusal },
  );
});
