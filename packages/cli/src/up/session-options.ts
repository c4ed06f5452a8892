import { type CommandInput, type OptionSpec, textOption } from '../command.ts';
import { CRD_OPTIONS } from '../checks/known-crds.ts';
import { DASHBOARD_PORT_OPTION, ACTIONS_OPTION } from '../dashboard/port-option.ts';
import { parseDuration } from '../parse-duration.ts';
import { portOption } from '../command-options.ts';
import { allowsProcesses, RUN_PROCESSES_OPTION } from '../run-processes-option.ts';
import { STAND_IN_OPTION, standInsOf } from '../stand-in-option.ts';
import type { SessionOptions } from './up-session.ts';

/** The name of the cluster of `up` and `dev`, and the port of its API. */
export const CLUSTER_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'name',
    summary: 'name of the cluster; several can run side by side',
    value: 'name',
    defaultValue: 'default',
  },
  { name: 'port', summary: 'port of the API; a free one by default', value: 'port', defaultValue: '0' },
];

/** The other options that `up` and `dev` have in common. */
export const SESSION_OPTIONS: readonly OptionSpec[] = [
  { name: 'strict', summary: 'count warnings of the check as errors' },
  { name: 'timeout', summary: 'how long to wait until all is ACTIVE', value: 'duration', defaultValue: '60s' },
  STAND_IN_OPTION,
  RUN_PROCESSES_OPTION,
  DASHBOARD_PORT_OPTION,
  ACTIONS_OPTION,
  ...CRD_OPTIONS,
];

/** Reads the options that `up` and `dev` have in common. Throws the errors of `portOption` and `standInsOf`. */
export function readSessionOptions(
  input: CommandInput,
  cwd: string,
): { readonly timeoutMs: number; readonly cluster: Pick<SessionOptions, 'port' | 'standIns' | 'processDirectory'> } {
  const port = portOption(input);
  portOption(input, DASHBOARD_PORT_OPTION.name);
  const timeoutMs = parseDuration(textOption(input, 'timeout') ?? '60s', '--timeout');
  const standIns = standInsOf(input, cwd);
  return { timeoutMs, cluster: { port, standIns, ...(allowsProcesses(input) ? { processDirectory: cwd } : {}) } };
}
