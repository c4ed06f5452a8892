import type { CommandContext } from '../command.ts';

/** Returns true when the output goes to a terminal and `NO_COLOR` (https://no-color.org) is absent or empty. */
export function usesColour({ terminal, env }: Pick<CommandContext, 'terminal' | 'env'>): boolean {
  return terminal !== undefined && (env['NO_COLOR'] ?? '') === '';
}
