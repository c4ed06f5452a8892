import type { InspectAction } from '@typekro/controller/inspect';
import type { CommandInput, OptionSpec } from '../command.ts';

/** The option that allows the actions of the page. */
export const ACTIONS_OPTION: OptionSpec = {
  name: 'allow-actions',
  summary: 'let the page of the dashboard suspend, resume and reconcile instances',
};

/** The actions that the option allows: all of them, or none. */
export function actionsOf({ options }: CommandInput): readonly InspectAction[] {
  return options[ACTIONS_OPTION.name] === true ? ['suspend', 'resume', 'reconcile'] : [];
}
