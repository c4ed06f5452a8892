import { ShapedList, ShapedMap } from '../eval/shaped.ts';
import { type Value, typeNameOf } from '../values.ts';

const NAMES: Readonly<Record<string, string>> = {
  bool: 'types.Bool',
  bytes: 'types.Bytes',
  double: 'types.Double',
  'google.protobuf.Duration': 'types.Duration',
  'google.protobuf.Timestamp': 'types.Timestamp',
  int: 'types.Int',
  'kubernetes.Quantity': 'cel.Quantity',
  'kubernetes.Semver': 'cel.Semver',
  'kubernetes.URL': 'cel.URL',
  list: '*types.baseList',
  map: '*types.baseMap',
  'net.CIDR': 'cel.CIDR',
  'net.IP': 'cel.IP',
  null_type: 'types.Null',
  optional_type: '*types.Optional',
  string: 'types.String',
  type: '*types.Type',
  uint: 'types.Uint',
};

const LIST_NAMES = { atomic: 'List', map: 'MapList', set: 'SetList' } as const;

/** The name of a value's Go type in cel-go's messages. */
export function goValueName(value: Value): string {
  if (value instanceof ShapedMap) return '*unstructured.unstructuredMap';
  if (value instanceof ShapedList) return `*unstructured.unstructured${LIST_NAMES[value.shape.listType ?? 'atomic']}`;
  const name = typeNameOf(value);
  return Object.hasOwn(NAMES, name) ? (NAMES[name] as string) : name;
}
