import { parseStrictJson, tryParseStrictJson } from '../../../packages/cluster/src/codec/json.ts';
import { ApiError } from '../../../packages/cluster/src/errors/api-error.ts';
import type { FieldContext } from '../../../packages/cluster/src/fields/ownership.ts';
import { applyWithOwnership, updateOwnership } from '../../../packages/cluster/src/fields/ownership.ts';
import { emptyTree } from '../../../packages/cluster/src/fields/tree.ts';
import { TypedError } from '../../../packages/cluster/src/fields/typed-walk.ts';
import { applyJsonPatch, JsonPatchError } from '../../../packages/cluster/src/patch/json-patch.ts';
import { applyStrategicPatch, StrategicPatchError } from '../../../packages/cluster/src/patch/strategic.ts';
import { builtinType } from '../../../packages/cluster/src/types/builtin.ts';
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { applyMergePatch, isJsonObject, jsonEquals, stringifyJson } from '@typekro/kit/core';
import { type FuzzTarget, FuzzFinding } from '../fuzz-target.ts';

const context: FieldContext = {
  apiVersion: 'apps/v1',
  node: builtinType('apps.v1.Deployment'),
  builtin: true,
  subresource: '',
  resetFields: emptyTree,
  time: '2020-01-01T00:00:00Z',
  inVersion: () => undefined,
};

const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'web',
    labels: { app: 'web' },
    finalizers: ['a', 'b'],
    managedFields: [
      {
        manager: 'left',
        operation: 'Apply',
        apiVersion: 'apps/v1',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:spec': {
            'f:replicas': {},
            'f:template': {
              'f:spec': { 'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:name': {}, 'f:image': {} } } },
            },
          },
        },
      },
    ],
  },
  spec: {
    replicas: 1,
    template: {
      spec: {
        containers: [
          { name: 'a', image: 'x', ports: [{ containerPort: 80, protocol: 'TCP' }], env: [{ name: 'E', value: '1' }] },
          { name: 'b', image: 'y', args: ['1', '2'] },
        ],
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    },
  },
};

const seed = (kind: string, patch: JsonValue): Buffer =>
  Buffer.from(`${kind}\n${JSON.stringify(patch)}\n${JSON.stringify(DEPLOYMENT)}`);

const template = (spec: JsonObject): JsonObject => ({ spec: { template: { spec } } });

/**
 * Maps each kind of patch to a function that applies it. The function returns the new object, and throws only the
 * errors of this kind of patch.
 */
const KINDS: Readonly<Record<string, (document: JsonObject, patch: JsonValue) => JsonValue | undefined>> = {
  json: (document, patch) => (Array.isArray(patch) ? applyJsonPatch(document, patch) : undefined),
  merge: (document, patch) => applyMergePatch(document, patch),
  strategic: (document, patch) =>
    isJsonObject(patch) ? applyStrategicPatch(context.node, document, patch) : undefined,
  apply: (document, patch) => applied(document, patch, 'right', false),
  'apply-forced': (document, patch) => applied(document, patch, 'left', true),
  update(document, patch) {
    if (!isJsonObject(patch) || !isJsonObject(patch['metadata']) || !isJsonObject(document['metadata']))
      return undefined;
    return updateOwnership(asObject(document), {}, asObject(patch), 'editor', context);
  },
};

const asObject = (value: JsonObject): KubeObject => value as KubeObject;

function applied(document: JsonObject, patch: JsonValue, manager: string, force: boolean): JsonValue | undefined {
  // The server decodes a request before it applies the patch. Therefore both objects always have metadata in the
  // server.
  if (!isJsonObject(patch) || !isJsonObject(patch['metadata']) || !isJsonObject(document['metadata'])) return undefined;
  const { object } = applyWithOwnership(asObject(document), {}, patch, manager, force, context);
  const again = applyWithOwnership(object, {}, patch, manager, true, context);
  if (force && !jsonEquals(object, again.object)) {
    throw new FuzzFinding('the second apply of one configuration changes the object');
  }
  return object;
}

const isRefusal = (thrown: unknown): thrown is Error =>
  [JsonPatchError, StrategicPatchError, ApiError, TypedError].some((type) => thrown instanceof type);

/**
 * Applies patches of all kinds. The first line of an input is the kind, the second line is the patch, and the remaining
 * lines are the document.
 */
export const target: FuzzTarget = {
  name: 'patches',
  dictionary: [
    ...Object.keys(KINDS).map((kind) => `${kind}\n`),
    '"k:{\\"name\\":\\"a\\"}":{}',
    '"v:\\"a\\"":{}',
    ...`"$patch":"delete" "$patch":"replace" "$retainKeys":["name"]
"$setElementOrder/containers":[{"name":"b"}] "$deleteFromPrimitiveList/finalizers":["a"] "op":"add"
"op":"remove" "op":"move","from":"/spec" "op":"copy" "op":"test" "path":"/spec/replicas" "path":""
/- ~1 ~0 "value": null [] {} -1 1e9 "managedFields": "fieldsV1": "f:spec":{ "i:0":{} ".":{}
"containers":[ "name":"a" "ports":[{"containerPort":80}] "__proto__":{"x":1} "constructor":
"metadata":{`.split(/\s/),
  ],
  seeds: () => [
    seed('json', [
      { op: 'test', path: '/spec/replicas', value: 1 },
      { op: 'move', from: '/metadata/labels', path: '/metadata/annotations' },
    ]),
    seed('json', [
      { op: 'add', path: '/metadata/finalizers/-', value: 'c' },
      { op: 'copy', from: '/spec', path: '/metadata/x~1y' },
    ]),
    seed('merge', { spec: { replicas: null, template: { spec: { containers: [] } } } }),
    seed(
      'strategic',
      template({
        containers: [
          { name: 'b', $patch: 'delete' },
          { name: 'c', image: 'z' },
        ],
        '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }],
      }),
    ),
    seed('strategic', {
      metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] },
      spec: {
        template: { spec: { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] } },
      },
    }),
    seed('apply', {
      metadata: { name: 'web' },
      ...template({ containers: [{ name: 'b', image: 'y', ports: [{ containerPort: 80 }] }] }),
    }),
    seed('apply-forced', { metadata: { name: 'web' }, ...template({ containers: [{ name: 'a', image: 'n' }] }) }),
    seed('update', { ...DEPLOYMENT, spec: { replicas: 3 } }),
  ],
  generators: [],
  isMutable: true,
  run(input) {
    const text = input.toString('utf8');
    const [kind = '', patchText = ''] = text.split('\n', 2);
    const make = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
    const patch = tryParseStrictJson(patchText);
    const document = tryParseStrictJson(text.slice(kind.length + patchText.length + 2));
    if (make === undefined || patch === undefined || !isJsonObject(document)) return 'no patch';
    const before = stringifyJson(document);
    const sent = stringifyJson(patch);
    let result: string;
    try {
      const made = make(document, patch);
      result = made === undefined ? 'no patch' : stringifyJson(made);
      if (made !== undefined) parseStrictJson(result);
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      if (thrown.message === '') throw new FuzzFinding('refused without a reason');
      result = thrown.message;
    }
    if (stringifyJson(document) !== before) throw new FuzzFinding('the patch changed the object itself');
    if (stringifyJson(patch) !== sent) throw new FuzzFinding('the patch changed itself');
    return result;
  },
};
