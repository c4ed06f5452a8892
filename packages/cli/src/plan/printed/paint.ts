import type { PlanAction } from '@typekro/controller/inspect';
import type { CommandContext } from '../../command.ts';

/** The sign of each action at the beginning of a line. */
export const SIGNS: Readonly<Record<PlanAction | 'none', string>> = {
  create: '+',
  change: '~',
  adopt: '~',
  restore: '~',
  replace: '-/+',
  prune: '-',
  delete: '-',
  orphan: '~',
  labels: '=',
  none: '=',
};

/** Returns the sign of a planned definition, instance or object. */
export const signOf = ({ action, unread }: { readonly action: PlanAction | 'none'; readonly unread?: true }): string =>
  unread === undefined ? SIGNS[action] : '?';

const COLOURS: Readonly<Record<string, number>> = { '+': 32, '~': 33, '-': 31, '-/+': 31, '!': 31, '?': 36, '=': 2 };

/** Formats the signs and words of a plan, in colours if the terminal supports them. */
export interface Paint {
  /** Colours a sign. */
  sign(sign: string): string;
  /** Makes a heading or an important word bold. */
  strong(text: string): string;
  /** Colours a problem. */
  alarm(text: string): string;
  faint(text: string): string;
}

/** Returns the formatter for a terminal with colours, or for plain text. */
export function paintFor(hasColour: boolean): Paint {
  const paint = (code: number, text: string) => (hasColour ? `\u001b[${code}m${text}\u001b[0m` : text);
  return {
    sign: (sign) => (COLOURS[sign] === undefined ? sign : paint(COLOURS[sign], sign)),
    strong: (text) => paint(1, text),
    alarm: (text) => paint(31, text),
    faint: (text) => paint(2, text),
  };
}

/** Returns true when the output goes to a terminal and `NO_COLOR` (https://no-color.org) is absent or empty. */
export function usesColour({ terminal, env }: Pick<CommandContext, 'terminal' | 'env'>): boolean {
  return terminal !== undefined && (env['NO_COLOR'] ?? '') === '';
}
