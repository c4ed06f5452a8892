/**
 * The states of `typekro dev`, as the user sees them:
 * - `starting`: the cluster starts or ends;
 * - `running`: files are read, applied or served, or have errors;
 * - `down`: there is no cluster, because a start failed;
 * - `lost`: the cluster does not respond.
 */
export type DevState = 'starting' | 'running' | 'down' | 'lost';

const STEPS: Readonly<Record<DevState, { readonly keys: string; readonly lines: string }>> = {
  starting: { keys: '[q]uit', lines: 'Ctrl-C ends the command.' },
  running: {
    keys: '[w]hy  [p]lan of the last good save  [f]ault  [r]estart  [?] help  [q]uit',
    lines: 'The files are read again when they change. Ctrl-C ends the cluster.',
  },
  down: {
    keys: '[r]estart: try again, as the next save does  [q]uit',
    lines: 'The next save of a file starts a cluster. Ctrl-C ends the command.',
  },
  lost: {
    keys: '[r]estart with an empty cluster, as the next save does  [q]uit',
    lines: 'The next save of a file starts an empty cluster. Ctrl-C ends the command.',
  },
};

/** The next steps of the user in a state: the available keys, or a sentence if there is no keyboard. */
export const nextSteps = (state: DevState, hasKeyboard: boolean): string =>
  STEPS[state][hasKeyboard ? 'keys' : 'lines'];

/** The list of all keys. */
export const KEY_HELP = `  w  why instances are not ACTIVE, down to what they wait for
  p  what the last good save changed, object by object
  f  a fault: kill the controller, end watches, a busy API server, a deleted object
  r  start again with an empty cluster
  ?  this list
  q  quit (as Ctrl-C)`;
