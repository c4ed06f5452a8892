import { join } from 'node:path';
import type { CommandInput, OptionSpec } from '../command.ts';
import { portOption } from '../port-option.ts';
import { keptToken } from './kept-token.ts';

/** The option for the port of the page of a cluster. */
export const DASHBOARD_PORT_OPTION: OptionSpec = {
  name: 'dashboard-port',
  summary: 'port of the dashboard; with a port, an open page comes back after the next start; a free one by default',
  value: 'port',
  defaultValue: '0',
};

/** The port and the token of the page of a cluster. */
export interface PagePlace {
  readonly dashboardPort?: number;
  readonly dashboardToken?: string;
}

/**
 * The port that the option names, with the token that the folder of the cluster keeps for it. Nothing without a port: at
 * another port, no open page could come back.
 */
export function pagePlaceOf(input: CommandInput, folder: string): PagePlace {
  const port = portOption(input, DASHBOARD_PORT_OPTION.name);
  if (port === 0) return {};
  return { dashboardPort: port, dashboardToken: keptToken(join(folder, 'dashboard-token'), port) };
}

/** The place of an open page, for a cluster that takes the place of another one in the same process. */
export function placeOfPage(address: string): PagePlace {
  const { port, hash } = new URL(address);
  return { dashboardPort: Number(port), dashboardToken: hash.replace(/^#token=/, '') };
}
