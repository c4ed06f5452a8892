import { decodeProtobuf, ProtobufError } from '../../../packages/cluster/src/types/protobuf.ts';
import { parseJson, stringifyJson } from '@typekro/kit/core';
import { type FuzzTarget, FuzzFinding } from '../fuzz-target.ts';

const field = (number: number, value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value);
  const size =
    bytes.length < 128 ? Buffer.of(bytes.length) : Buffer.of(0x80 | (bytes.length & 0x7f), bytes.length >> 7);
  return Buffer.concat([Buffer.of((number << 3) | 2), size, bytes]);
};

const envelope = (apiVersion: string, kind: string, object: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('k8s\0'),
    field(1, Buffer.concat([field(1, apiVersion), field(2, kind)])),
    field(2, object),
  ]);

const entry = (key: string, value: string) => Buffer.concat([field(1, key), field(2, value)]);
const metadata = Buffer.concat([
  field(1, 'web'),
  field(3, 'default'),
  field(11, entry('app', 'web')),
  field(8, Buffer.of(8, 1, 16, 2)),
]);
const port = Buffer.concat([Buffer.of(0x18, 80), field(4, Buffer.of(8, 1, 26, 1, 0x61))]);
const limits = field(1, Buffer.concat([field(1, 'cpu'), field(2, field(1, '100m'))]));
const container = Buffer.concat([field(1, 'a'), field(2, 'image'), field(8, limits), field(7, entry('E', '1'))]);
const schema = Buffer.concat([
  field(5, 'object'),
  Buffer.of(0x49, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f),
  field(8, field(1, '{"a":1}')),
]);

/** Decodes bodies in the protobuf form of Kubernetes. */
export const target: FuzzTarget = {
  name: 'protobuf',
  dictionary: [
    'k8s\u0000',
    '\n',
    '\u0012',
    '\u001a',
    ...`v1 Pod ConfigMap Service apps/v1 Deployment apiextensions.k8s.io/v1 JSONSchemaProps
CustomResourceDefinition batch/v1 Job events.k8s.io/v1 Event DeleteOptions Secret {"a": __proto__
constructor " * 2 : B J R`.split(/\s/),
  ],
  seeds: () => [
    envelope(
      'v1',
      'ConfigMap',
      Buffer.concat([field(1, metadata), field(2, entry('k', 'v')), field(3, entry('b', '\u0001'))]),
    ),
    envelope('v1', 'Service', Buffer.concat([field(1, metadata), field(2, field(1, port))])),
    envelope('v1', 'Pod', Buffer.concat([field(1, metadata), field(2, field(2, container))])),
    envelope('apiextensions.k8s.io/v1', 'JSONSchemaProps', schema),
    envelope(
      'events.k8s.io/v1',
      'Event',
      Buffer.concat([field(1, metadata), field(2, Buffer.of(8, 1, 16, 0xff, 0xff, 0xff, 0xff, 7))]),
    ),
    envelope('v1', 'DeleteOptions', Buffer.concat([Buffer.of(8, 5), field(2, field(1, 'u')), field(5, 'All')])),
  ],
  generators: [],
  isMutable: true,
  run(input) {
    try {
      const text = stringifyJson(decodeProtobuf(input));
      if (stringifyJson(parseJson(text)) !== text) throw new FuzzFinding(`${text} is not JSON`);
      return text;
    } catch (thrown) {
      if (!(thrown instanceof ProtobufError)) throw thrown;
      if (thrown.message === '') throw new FuzzFinding('refused without a reason');
      return thrown.message;
    }
  },
};
