import { escapeFieldName } from '@typekro/cel';
import type { JsonValue } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';

/** Formats a constant as a CEL literal of the field's type. */
export function celLiteral(schema: Schema, value: JsonValue | bigint): string {
  if (typeof value === 'bigint') return schema.type === 'number' ? `${value}.0` : String(value);
  if (typeof value === 'number') {
    const text = String(value);
    return schema.type === 'number' && /^-?\d+$/.test(text) ? `${text}.0` : text;
  }
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((entry) => celLiteral(schema.items ?? {}, entry)).join(', ')}]`;
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}: ${celLiteral({}, member ?? null)}`,
  );
  return `{${members.join(', ')}}`;
}

/**
 * The CEL rule for `multipleOf`. As on an API server, a quotient may differ from a whole number by a relative error of
 * 1e-9: 0.07 counts as a multiple of 0.01, although 0.07 / 0.01 is 7.000000000000001.
 */
export function multipleRule({ type }: Schema, factor: number): string {
  if (type === 'integer' && Number.isInteger(factor)) return `self % ${factor} == 0`;
  const quotient = `${type === 'integer' ? 'double(self)' : 'self'} / ${celLiteral({ type: 'number' }, factor)}`;
  const rest = 'q - double(int(q + (q < 0.0 ? -0.5 : 0.5)))';
  return `[${quotient}].all(q, [${rest}].all(r, r * r < 1e-18 * (1.0 + q * q)))`;
}

/** The CEL expression that reads a field of `self`; `undefined` for a name that rules of a CRD cannot read. */
export function celField(name: string): string | undefined {
  const escaped = escapeFieldName(name);
  return escaped === undefined ? undefined : `self.${escaped}`;
}

/**
 * The pattern, rule or bounds that enforce a format. They are necessary because SimpleSchema has no marker for formats.
 */
interface FormatConstraint {
  readonly pattern?: string;
  readonly rule?: string;
  readonly bounds?: readonly [number, number];
}

/** The years of two digits that 4 divides, without 00. */
const FOURTH = '(?:0[48]|[2468][048]|[13579][26])';
/** A date of the calendar. The 29th of February is one only in leap years. */
const DATE =
  '(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))' +
  `|(?:[0-9]{2}${FOURTH}|(?:00|${FOURTH})00)-02-29)`;

const FORMATS: ReadonlyMap<string, FormatConstraint> = new Map<string, FormatConstraint>([
  ['int32', { bounds: [-2147483648, 2147483647] }],
  ['byte', { pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$' }],
  ['cidr', { rule: 'isCIDR(self)' }],
  ['date', { pattern: `^${DATE}$` }],
  [
    'date-time',
    { pattern: `^${DATE}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$` },
  ],
  ['duration', { pattern: '^[+-]?(?:0|(?:(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:ns|us|µs|ms|s|m|h))+)$' }],
  ['email', { pattern: '^[^@\\s]+@[^@\\s]+$' }],
  [
    'hostname',
    { pattern: '^[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?)*$' },
  ],
  [
    'ipv4',
    {
      pattern: '^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])$',
    },
  ],
  ['ipv6', { rule: 'isIP(self) && ip(self).family() == 6' }],
  ['mac', { pattern: '^[0-9a-fA-F]{2}(?:(?::[0-9a-fA-F]{2}){5}|(?:-[0-9a-fA-F]{2}){5})$' }],
  ['uri', { rule: 'isURL(self)' }],
  ['uuid', { pattern: '^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$' }],
]);

/**
 * The constraint for a field's format. `undefined` for formats that an API server does not check, and for rare formats
 * such as `isbn`, which are then not enforced.
 */
export function formatConstraint(schema: Schema): FormatConstraint | undefined {
  const constraint = schema.format === undefined ? undefined : FORMATS.get(schema.format);
  return (constraint?.bounds === undefined) === (schema.type === 'string') ? constraint : undefined;
}
