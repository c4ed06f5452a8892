import { join } from 'node:path';
import type { CommandInput, OptionSpec } from '../command.ts';
import { portOption } from '../command-options.ts';
import { keptToken } from './kept-token.ts';
import type { InspectAction } from '@typekro/controller/inspect';

/** The option that allows the actions of the page. */
export const ACTIONS_OPTION: OptionSpec = {
  name: 'allow-actions',
  summary: 'let the page of the dashboard suspend, resume and reconcile instances',
};

/** The option for the port of the page of a cluster. */
export const DASHBOARD_PORT_OPTION: OptionSpec = {
  name: 'dashboard-port',
  summary:
    'port of the dashboard (default: a free port); with a fixed port, an open page reconnects after the next start',
  value: 'port',
  defaultValue: '0',
};

/** The port and the token of the page of a cluster. */
export interface PagePlace {
  readonly dashboardPort?: number;
  readonly dashboardToken?: string;
}

/**
 * Returns the port in the option, and the token that the folder of the cluster stores for this port. Without the
 * option, returns an empty object: the page then gets a free port, and a page that is still open from an earlier start
 * cannot reconnect.
 */
export function pagePlaceOf(input: CommandInput, folder: string): PagePlace {
  const port = portOption(input, DASHBOARD_PORT_OPTION.name);
  if (port === 0) return {};
  return { dashboardPort: port, dashboardToken: keptToken(join(folder, 'dashboard-token'), port) };
}

/**
 * Returns the port and the token of an open page. The cluster that replaces the present one in the same process uses
 * them again.
 */
export function placeOfPage(address: string): PagePlace {
  const { port, hash } = new URL(address);
  // An address has no port when it is the default port of HTTP.
  return { dashboardPort: Number(port || 80), dashboardToken: hash.replace(/^#token=/, '') };
}

/** The actions that the option allows: all of them, or none. */
export function actionsOf({ options }: CommandInput): readonly InspectAction[] {
  return options[ACTIONS_OPTION.name] === true ? ['suspend', 'resume', 'reconcile'] : [];
}
