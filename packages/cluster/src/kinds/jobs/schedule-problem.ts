import { goParseDuration, goQuote } from '@typekro/kit/golang';

/** The fields of a schedule, each with its smallest value, its largest value and its names. */
const FIELDS: readonly { readonly min: number; readonly max: number; readonly names?: string }[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: 'jan feb mar apr may jun jul aug sep oct nov dec' },
  { min: 0, max: 6, names: 'sun mon tue wed thu fri sat' },
];
const EVERY = '@every ';
const DESCRIPTORS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

/** The reason why a string is not a valid schedule; `undefined` for a valid schedule. */
export function scheduleProblem(text: string): string | undefined {
  if (text.startsWith('@')) {
    if (text.startsWith(EVERY)) {
      const period = text.slice(EVERY.length);
      return goParseDuration(period) === undefined
        ? `failed to parse duration ${text}: time: invalid duration ${goQuote(period)}`
        : undefined;
    }
    return DESCRIPTORS.includes(text) ? undefined : `unrecognized descriptor: ${text}`;
  }
  const words = text.split(/\s+/).filter(Boolean);
  if (words.length !== FIELDS.length) return `expected exactly 5 fields, found ${words.length}: [${words.join(' ')}]`;
  for (const [index, word] of words.entries()) {
    // The parser of Kubernetes ignores empty parts.
    for (const part of word.split(',').filter(Boolean)) {
      const problem = rangeProblem(part, index);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

function rangeProblem(text: string, index: number): string | undefined {
  const { min, max } = FIELDS[index] ?? { min: 0, max: 0 };
  const [span = '', step, ...more] = text.split('/');
  const [low = '', high, ...rest] = span.split('-');
  let [start, end] = [min, max];
  if (low !== '*' && low !== '?') {
    const first = valueOf(low, index);
    if (typeof first === 'string') return first;
    if (rest.length > 0) return `too many hyphens: ${text}`;
    const last = high === undefined ? first : valueOf(high, index);
    if (typeof last === 'string') return last;
    start = first;
    end = high === undefined && step !== undefined ? max : last;
  }
  if (more.length > 0) return `too many slashes: ${text}`;
  const stride = step === undefined ? 1 : numberOf(step);
  if (typeof stride === 'string') return stride;
  if (start < min) return `beginning of range (${start}) below minimum (${min}): ${text}`;
  if (end > max) return `end of range (${end}) above maximum (${max}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  return stride === 0 ? `step of range should be a positive number: ${text}` : undefined;
}

function valueOf(text: string, index: number): number | string {
  const { names, min } = FIELDS[index] ?? { min: 0 };
  const position = names?.split(' ').indexOf(text.toLowerCase()) ?? -1;
  return position >= 0 ? position + min : numberOf(text);
}

function numberOf(text: string): number | string {
  if (/^-\d+$/.test(text)) return `negative number (${text}) not allowed: ${text}`;
  return /^\d+$/.test(text)
    ? Number(text)
    : `failed to parse int from ${text}: strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`;
}
