import { literal } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { refuse } from '../trace/refusal.ts';

/** A JavaScript regular expression as RE2 text; what RE2 does not have is refused. */
export function re2(pattern: RegExp, stateful: boolean): Node {
  const { source, flags } = pattern;
  if (stateful && /[gy]/.test(flags)) {
    refuse('regex', `/${source}/${flags} keeps a position between calls`, 'leave out the flag g or y');
  }
  if (/\(\?<?[=!]/.test(source) || /\\[1-9]/.test(source.replaceAll('\\\\', '')) || /\\k</.test(source)) {
    refuse(
      'regex',
      `/${source}/ uses lookaround or back references, which RE2 (CEL) does not have`,
      'write it without them',
    );
  }
  const translated = source
    .replaceAll(/\\u\{([0-9a-fA-F]+)\}/g, '\\x{$1}')
    .replaceAll(/\\u([0-9a-fA-F]{4})/g, '\\x{$1}')
    .replaceAll('\\/', '/')
    .replaceAll('(?<', '(?P<');
  const prefix = ['i', 'm', 's'].filter((flag) => flags.includes(flag)).join('');
  return literal(prefix === '' ? translated : `(?${prefix})${translated}`);
}

/** The text that a pattern of plain characters matches; `undefined` for real patterns. */
export function plainPattern(pattern: RegExp): string | undefined {
  if (/[ims]/.test(pattern.flags)) return undefined;
  const unescaped = pattern.source.replaceAll(/\\([^A-Za-z0-9])/g, '');
  if (/[\\^$.*+?()[\]{}|]/.test(unescaped)) return undefined;
  return pattern.source.replaceAll(/\\([^A-Za-z0-9])/g, '$1');
}

/** Does the pattern match exactly one character: a class, an escape like \s, or the dot? */
export function isOneCharacter(pattern: RegExp): boolean {
  return /^(?:\[(?:\\.|[^\]\\])+\]|\\[dDwWsS])$/.test(pattern.source);
}
