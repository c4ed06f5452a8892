import { closingQuote } from '@typekro/kit/core';
import { goTrim } from '@typekro/kit/golang';
import { type Marker, type MarkerKey, MARKER_KEYS, lexMarkers, quoteMarker } from './simple-lexer.ts';
import { type SimpleType, parseSimpleType } from './simple-type.ts';

/** A problem with a field's markers. kro accepts the markers, but the author cannot have meant them. */
export interface MarkerAdvice {
  /**
   * `contradiction`: the field has no valid value. `no-effect`: the marker does not have the effect that its name
   * suggests. `brackets`: the values of an `enum` marker are written in brackets.
   */
  readonly kind: 'contradiction' | 'no-effect' | 'brackets';
  readonly message: string;
  readonly hint: string;
  /** The offset of the marker in the field's source line, in UTF-16 units. */
  readonly offset: number;
}

/** A wrong separator between two markers. The hint has the line with spaces instead of the separator. */
export interface SeparatorMistake {
  readonly message: string;
  readonly hint: string;
  readonly offset: number;
}

const SEPARATOR = new RegExp(`([,;|])\\s*(?=(?:${MARKER_KEYS.join('|')})\\s*[=:])`, 'g');

const SEPARATOR_NAMES: Readonly<Record<string, string>> = { ',': 'a comma', ';': 'a semicolon', '|': 'a second "|"' };

/**
 * The first separator of markers that is not white space. Quoted values are ignored. The function takes linear time,
 * because the controller calls it for every wrong field.
 */
export function separatorMistake(text: string): SeparatorMistake | undefined {
  const bar = text.indexOf('|') + 1;
  if (bar === 0) return undefined;
  const plain = withoutQuoted(text).slice(bar);
  const begin = plain.search(/\S/);
  const found = [...plain.matchAll(SEPARATOR)].filter(({ index }) => index > begin);
  const [first] = found;
  if (first === undefined) return undefined;
  let corrected = text.slice(0, bar);
  let from = bar;
  for (const { index, 0: all } of found) {
    corrected += `${text.slice(from, bar + index).trimEnd()} `;
    from = bar + index + all.length;
  }
  const character = first[1] ?? '';
  return {
    message: `markers are separated by spaces, but here is ${SEPARATOR_NAMES[character] ?? character}`,
    hint: `write ${corrected}${text.slice(from)}`,
    offset: bar + first.index,
  };
}

/** Replaces each character of quoted values by `_`. An unclosed quote stays. */
function withoutQuoted(text: string): string {
  let plain = '';
  let from = 0;
  for (let open = text.indexOf('"'); open >= 0; open = text.indexOf('"', from)) {
    const close = closingQuote(text, open);
    if (close === undefined) break;
    plain += text.slice(from, open) + '_'.repeat(close + 1 - open);
    from = close + 1;
  }
  return plain + text.slice(from);
}

/** The problems of a field's markers that kro does not report; empty for a line that is not a valid field. */
export function markerAdvice(text: string): readonly MarkerAdvice[] {
  const bar = text.indexOf('|');
  const parsed = bar < 0 ? undefined : parseSimpleType(text.slice(0, bar));
  const lexed = bar < 0 ? undefined : lexMarkers(text.slice(bar + 1), bar + 1);
  if (parsed === undefined || lexed === undefined || !('type' in parsed) || !('markers' in lexed)) return [];
  const separator = separatorMistake(text);
  if (separator !== undefined) return [{ kind: 'no-effect', ...separator }];
  const { type } = parsed;
  return [
    ...unfittingBounds(type, lexed.markers),
    ...contradictions(type, lexed.markers),
    ...textDefaults(type, lexed.markers),
    ...bracketedLists(lexed.markers),
  ];
}

/**
 * The description, for messages, of a type to which `minimum` and `maximum` do not apply. `suffix` is the suffix of the
 * markers that bound the type: `Length` for `minLength` and `maxLength`. Undefined for numbers and custom types.
 */
function unboundedType(type: SimpleType): { readonly words: string; readonly suffix?: string } | undefined {
  if (type.form === 'list') return { words: 'a list', suffix: 'Items' };
  if (type.form === 'map') return { words: 'a map' };
  if (type.form !== 'atomic' || type.name === 'integer' || type.name === 'float') return undefined;
  return type.name === 'string' ? { words: 'a string', suffix: 'Length' } : { words: `of the type ${type.name}` };
}

/**
 * Advice about `minimum` and `maximum` on a field that is not a number. Other bounds on unsuitable types are refused by
 * kro itself.
 */
function unfittingBounds(type: SimpleType, markers: readonly Marker[]): MarkerAdvice[] {
  const found = unboundedType(type);
  if (found === undefined) return [];
  const { words, suffix } = found;
  return markers.flatMap(({ key, value, offset }): MarkerAdvice[] => {
    if (key !== 'minimum' && key !== 'maximum') return [];
    const message = `${key} bounds a number, and has no effect: the field is ${words}`;
    // Only a natural number can become the value of a length marker.
    const isLength = suffix !== undefined && /^\d+$/.test(value);
    const hint = isLength ? `write ${key.slice(0, 3)}${suffix}=${value}` : `remove ${key}`;
    return [{ kind: 'no-effect', message, hint, offset }];
  });
}

const BOUNDS: readonly (readonly [low: MarkerKey, high: MarkerKey])[] = [
  ['minimum', 'maximum'],
  ['minLength', 'maxLength'],
  ['minItems', 'maxItems'],
];

/**
 * Advice about lower bounds that exceed upper bounds. If a marker occurs twice, the last one counts. Bounds without an
 * effect contradict nothing.
 */
function contradictions(type: SimpleType, markers: readonly Marker[]): MarkerAdvice[] {
  const isNumber = unboundedType(type) === undefined;
  return BOUNDS.filter(([low]) => isNumber || low !== 'minimum').flatMap(([low, high]) => {
    const lower = markers.findLast(({ key }) => key === low);
    const upper = markers.findLast(({ key }) => key === high);
    if (lower === undefined || upper === undefined || !(Number(lower.value) > Number(upper.value))) return [];
    return [
      {
        kind: 'contradiction' as const,
        message: `${low} ${lower.value} is above ${high} ${upper.value}: no value fits`,
        hint: `write ${low}=${upper.value} ${high}=${lower.value}, or correct one of the two`,
        offset: Math.min(lower.offset, upper.offset),
      },
    ];
  });
}

/** Advice about string defaults that the author probably did not mean literally. */
function textDefaults(type: SimpleType, markers: readonly Marker[]): MarkerAdvice[] {
  if (type.form !== 'atomic' || type.name !== 'string') return [];
  return markers.flatMap(({ key, value, quoted, offset }): MarkerAdvice[] => {
    if (key === 'default' && value.includes('${schema.')) {
      const hint = 'remove the default, and read the field in templates with .?NAME.orValue(…)';
      return [
        { kind: 'no-effect', message: 'a default is not an expression: instances get this string', hint, offset },
      ];
    }
    if (key !== 'default' || quoted) return [];
    if (/^(?:null|nil|None|undefined)$/.test(value)) {
      const hint = 'remove the default: the field then has no value, and has(…) is false';
      return [{ kind: 'no-effect', message: `the default is the string "${value}", not "no value"`, hint, offset }];
    }
    const single = /^'(.*)'$/.exec(value)?.[1];
    if (single === undefined) return [];
    const message = 'the single quotes become part of the default';
    return [{ kind: 'no-effect', message, hint: `write default=${quoteMarker(single)}`, offset }];
  });
}

/** Advice about enum values in brackets, which other notations use for lists. */
function bracketedLists(markers: readonly Marker[]): MarkerAdvice[] {
  return markers.flatMap(({ key, value, offset }): MarkerAdvice[] => {
    const inner = /^\[(.*)\]$/s.exec(value)?.[1];
    if (key !== 'enum' || inner === undefined) return [];
    const values = inner.split(',').map((each) => goTrim(each).replace(/^(["'])(.*)\1$/, '$2'));
    const message = 'the brackets become part of the first and of the last value';
    return [{ kind: 'brackets', message, hint: `write enum=${quoteMarker(values.join(','))}`, offset }];
  });
}

/** The offset of the default's value in the field's line; `undefined` for a field without a default. */
export function defaultOffset(text: string): number | undefined {
  const bar = text.indexOf('|');
  const lexed = bar < 0 ? undefined : lexMarkers(text.slice(bar + 1), bar + 1);
  if (lexed === undefined || !('markers' in lexed)) return undefined;
  return lexed.markers.findLast(({ key }) => key === 'default')?.valueOffset;
}
