import { failure, Failure, goParseUint, goQuote } from '@typekro/kit/golang';

/** Semantic versions 2.0.0 as Kubernetes' CEL library reads and orders them. */
export interface SemanticVersion {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  /** Pre-release identifiers. Numeric identifiers are `bigint`. */
  readonly pre: readonly (bigint | string)[];
  readonly build: readonly string[];
}

const DIGITS = /^[0-9]*$/;
const ALPHANUMERIC = /^[0-9A-Za-z-]*$/;

/** Parses a version. A failure has the message that users see. */
export function parseSemver(text: string): SemanticVersion | Failure {
  if (text === '') return failure('Version string empty');
  const [majorText, minorText, rest] = splitThree(text);
  if (minorText === undefined || rest === undefined) return failure('No Major.Minor.Patch elements found');
  const major = parseNumber(majorText, 'major', 'Major');
  if (major instanceof Failure) return major;
  const minor = parseNumber(minorText, 'minor', 'Minor');
  if (minor instanceof Failure) return minor;
  const { head: beforeBuild, tail: buildText } = cut(rest, '+');
  const { head: patchText, tail: preText } = cut(beforeBuild, '-');
  const patch = parseNumber(patchText, 'patch', 'Patch');
  if (patch instanceof Failure) return patch;
  const pre: (bigint | string)[] = [];
  for (const part of preText?.split('.') ?? []) {
    const identifier = parsePreRelease(part);
    if (identifier instanceof Failure) return identifier;
    pre.push(identifier);
  }
  const build = buildText?.split('.') ?? [];
  for (const part of build) {
    if (part === '') return failure('Build meta data is empty');
    if (!ALPHANUMERIC.test(part)) return failure(`Invalid character(s) found in build meta data ${goQuote(part)}`);
  }
  return { major, minor, patch, pre, build };
}

/**
 * Parses a version as Kubernetes' `semver(text, true)` does. The minor and patch numbers may be missing, and the
 * version may have a leading `v` or leading zeros.
 */
export function parseTolerantSemver(text: string): SemanticVersion | Failure {
  const parts = splitThree(text.startsWith('v') ? text.slice(1) : text).map((part = '') =>
    // One zero is kept if no digit follows the zeros.
    part.length > 1 ? part.replace(/^0+/, '').replace(/^(?![0-9])/, '0') : part,
  );
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) ?? '')) {
    return failure('short version cannot contain PreRelease/Build meta data');
  }
  const [major, minor = '0', rest = '0'] = parts;
  return parseSemver(`${major}.${minor}.${rest}`);
}

function splitThree(text: string): [string, string?, string?] {
  const first = text.indexOf('.');
  if (first < 0) return [text];
  const second = text.indexOf('.', first + 1);
  if (second < 0) return [text.slice(0, first), text.slice(first + 1)];
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)];
}

function cut(text: string, mark: string): { head: string; tail?: string } {
  const at = text.indexOf(mark);
  return at < 0 ? { head: text } : { head: text.slice(0, at), tail: text.slice(at + 1) };
}

function parseNumber(text: string, lower: string, upper: string): bigint | Failure {
  if (!DIGITS.test(text)) return failure(`Invalid character(s) found in ${lower} number ${goQuote(text)}`);
  if (hasLeadingZero(text)) return failure(`${upper} number must not contain leading zeroes ${goQuote(text)}`);
  return parseUint64(text);
}

function hasLeadingZero(text: string): boolean {
  return text.length > 1 && text.startsWith('0');
}

function parseUint64(text: string): bigint | Failure {
  const parsed = goParseUint(text);
  return parsed.ok ? parsed.value : failure(parsed.error);
}

function parsePreRelease(text: string): bigint | string | Failure {
  if (text === '') return failure('Prerelease is empty');
  if (DIGITS.test(text)) {
    return hasLeadingZero(text)
      ? failure(`Numeric PreRelease version must not contain leading zeroes ${goQuote(text)}`)
      : parseUint64(text);
  }
  return ALPHANUMERIC.test(text) ? text : failure(`Invalid character(s) found in prerelease ${goQuote(text)}`);
}

/** The order of two versions: −1, 0 or 1. Build metadata is ignored. */
export function compareSemver(a: SemanticVersion, b: SemanticVersion): -1 | 0 | 1 {
  return (
    order(a.major, b.major) || order(a.minor, b.minor) || order(a.patch, b.patch) || comparePreRelease(a.pre, b.pre)
  );
}

function order<T extends bigint | string | number>(a: T, b: T): -1 | 0 | 1 {
  return a === b ? 0 : a < b ? -1 : 1;
}

function comparePreRelease(a: readonly (bigint | string)[], b: readonly (bigint | string)[]): -1 | 0 | 1 {
  // A version without pre-release is later than a version with one.
  if (a.length === 0 || b.length === 0) return order(b.length, a.length);
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const left = a[i] ?? '';
    const right = b[i] ?? '';
    const result = typeof left === typeof right ? order(left, right) : typeof left === 'bigint' ? -1 : 1;
    if (result !== 0) return result;
  }
  return order(a.length, b.length);
}

/** Formats a version as a string. */
export function formatSemver({ major, minor, patch, pre, build }: SemanticVersion): string {
  const preText = pre.length > 0 ? `-${pre.join('.')}` : '';
  return `${major}.${minor}.${patch}${preText}${build.length > 0 ? `+${build.join('.')}` : ''}`;
}
