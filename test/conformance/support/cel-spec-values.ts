import type { CelType, Value } from '@typekro/cel';
import { BOOL, BYTES, CelDouble, CelDuration, CelMap, CelOptional, CelTimestamp, CelTypeValue, CelUint, DOUBLE, DURATION, DYN, INT, NULL, STRING, TIMESTAMP, UINT, createEnvironment, listType, mapType, opaqueType, typeNameOf, typeParam } from '@typekro/cel';

/** A value in cel-spec's vectors, in its JSON form. */
export interface SpecValue {
  readonly nullValue?: null;
  readonly boolValue?: boolean;
  readonly int64Value?: string;
  readonly uint64Value?: string;
  readonly doubleValue?: number | string;
  readonly stringValue?: string;
  readonly bytesValue?: string;
  readonly typeValue?: string;
  readonly listValue?: { readonly values?: readonly SpecValue[] };
  readonly mapValue?: { readonly entries?: readonly { readonly key: SpecValue; readonly value: SpecValue }[] };
  readonly objectValue?: { readonly '@type': string; readonly value?: string };
}

/** A type in cel-spec's vectors, in its JSON form. */
export interface SpecType {
  readonly primitive?: string;
  readonly wellKnown?: string;
  readonly dyn?: unknown;
  readonly null?: unknown;
  readonly listType?: { readonly elemType?: SpecType };
  readonly mapType?: { readonly keyType?: SpecType; readonly valueType?: SpecType };
  readonly typeParam?: string;
  readonly abstractType?: { readonly name: string; readonly parameterTypes?: readonly SpecType[] };
}

const PRIMITIVES: Readonly<Record<string, CelType>> = {
  BOOL,
  INT64: INT,
  UINT64: UINT,
  DOUBLE,
  STRING,
  BYTES,
};

/** The type that a vector declares. */
export function specType(type: SpecType | undefined): CelType {
  if (type === undefined) return DYN;
  if (type.primitive !== undefined) return PRIMITIVES[type.primitive] ?? DYN;
  if (type.wellKnown !== undefined) return type.wellKnown === 'TIMESTAMP' ? TIMESTAMP : DURATION;
  if (type.listType !== undefined) return listType(specType(type.listType.elemType));
  if (type.mapType !== undefined) return mapType(specType(type.mapType.keyType), specType(type.mapType.valueType));
  if (type.typeParam !== undefined) return typeParam(type.typeParam);
  if (type.abstractType !== undefined) {
    return opaqueType(type.abstractType.name, (type.abstractType.parameterTypes ?? []).map(specType));
  }
  return 'null' in type ? NULL : DYN;
}

const environment = createEnvironment();

/** Parses a timestamp or a duration from its JSON string. */
function wellKnown(text: string, conversion: 'duration' | 'timestamp'): Value {
  const compiled = environment.compile(`${conversion}("${text}")`);
  const result = compiled.ok ? compiled.program.evaluate({}) : undefined;
  if (result?.ok !== true) throw new Error(`not a ${conversion}: ${text}`);
  return result.value;
}

/** The value of a vector as expressions read it. */
export function specValue(value: SpecValue): Value {
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.int64Value !== undefined) return integer(BigInt(value.int64Value));
  if (value.uint64Value !== undefined) return new CelUint(BigInt(value.uint64Value));
  if (value.doubleValue !== undefined) {
    const number = Number(value.doubleValue);
    return Number.isSafeInteger(number) ? new CelDouble(number) : number;
  }
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.bytesValue !== undefined) return new Uint8Array(Buffer.from(value.bytesValue, 'base64'));
  if (value.typeValue !== undefined) return new CelTypeValue(value.typeValue);
  if (value.listValue !== undefined) return (value.listValue.values ?? []).map(specValue);
  if (value.mapValue !== undefined) return map(value.mapValue.entries ?? []);
  if (value.objectValue !== undefined) {
    const kind = value.objectValue['@type'].endsWith('Timestamp') ? 'timestamp' : 'duration';
    return wellKnown(value.objectValue.value ?? '', kind);
  }
  return null;
}

function integer(value: bigint): Value {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function map(entries: readonly { readonly key: SpecValue; readonly value: SpecValue }[]): Value {
  const made = entries.map(({ key, value }) => [specValue(key), specValue(value)] as const);
  if (made.some(([key]) => typeof key !== 'string')) return CelMap.from(made);
  return Object.fromEntries(made) as Record<string, Value>;
}

/**
 * A string that is equal for two values if the vectors consider them equal. Values of different types are not equal.
 * The order of map entries is ignored.
 */
export function canonical(value: Value): string {
  if (value instanceof CelDouble) return `double:${value.value}`;
  if (value instanceof CelUint) return `uint:${value.value}`;
  if (value instanceof CelTimestamp) return `timestamp:${value.seconds}.${value.nanos}`;
  if (value instanceof CelDuration) return `duration:${value.nanos}`;
  if (value instanceof CelTypeValue) return `type:${value.name}`;
  if (value instanceof CelOptional) return value.value === undefined ? 'none' : `optional:${canonical(value.value)}`;
  if (value instanceof Uint8Array) return `bytes:${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = value instanceof CelMap ? [...value.entries()] : Object.entries(value as Record<string, Value>);
    const texts = entries.map(([key, entry]) => `${canonical(key)}: ${canonical(entry)}`).sort();
    return `{${texts.join(', ')}}`;
  }
  return `${typeNameOf(value)}:${typeof value === 'string' ? JSON.stringify(value) : String(value)}`;
}
