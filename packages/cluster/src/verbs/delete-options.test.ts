import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, MAPS } from '../../test-support/webhook-cluster.ts';
import type { Cluster } from '../index.ts';
import { createEmbeddedCluster } from '../index.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await createEmbeddedCluster({ controllers: false });
});
afterAll(() => cluster.close());

const send = async (body: unknown) => {
  const { status, body: answer } = await call(cluster.transport(), 'DELETE', `${MAPS}/absent`, body as object);
  return [status, answer.message];
};

const JSON_ERROR = "couldn't get version/kind; json parse error: json: cannot unmarshal";

// The results are those of the codec of options in apimachinery 0.36.
test.each<[unknown]>([
  [{}],
  [null],
  [{ kind: 'DeleteOptions' }],
  [{ kind: 'DeleteOptions', apiVersion: 'v1' }],
  [{ kind: 'DeleteOptions', apiVersion: 'apps/v1' }],
  [{ kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1' }],
  [{ kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/' }],
  [{ kind: 'DeleteOptions', apiVersion: 'example.com/v9' }],
  [{ apiVersion: 'v9' }],
  [{ apiVersion: '/' }],
])('a deletion accepts the options %j', async (body) => {
  expect(await send(body)).toEqual([404, 'configmaps "absent" not found']);
});

test.each<[unknown, string]>([
  [{ kind: 'DeleteOptions', apiVersion: 'a/b/c' }, 'unexpected GroupVersion string: a/b/c'],
  [
    { kind: 'DeleteOptions', apiVersion: 'a/' },
    `Object 'apiVersion' is missing in '{"kind":"DeleteOptions","apiVersion":"a/"}'`,
  ],
  [{ apiVersion: 5 }, `${JSON_ERROR} number into Go struct field .apiVersion of type string`],
  [
    [],
    `${JSON_ERROR} array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
  ],
  [
    { kind: 'Pod', apiVersion: 'v1' },
    'no kind "Pod" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"',
  ],
  [{ kind: 'Pod' }, 'no kind "Pod" is registered for version "meta.k8s.io/v1" in scheme "pkg/runtime/scheme.go:111"'],
  [
    { kind: 'PatchOptions', apiVersion: 'v1' },
    'no kind "PatchOptions" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"',
  ],
  [{ kind: 'PatchOptions' }, 'converting (v1.PatchOptions) to (v1.DeleteOptions): unknown conversion'],
  [{ kind: 'Status', apiVersion: 'a/v9' }, 'converting (v1.Status) to (v1.DeleteOptions): unknown conversion'],
  [
    { gracePeriodSeconds: 'x' },
    'json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64',
  ],
])('a deletion refuses the options %j', async (body, message) => {
  expect(await send(body)).toEqual([400, message]);
});
