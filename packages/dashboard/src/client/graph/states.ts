import type { InstanceRow, ShownState } from '@typekro/controller/inspect';
import type { Reports } from '@typekro/engine/runtime';

/**
 * The look of a state. Each look has its own shape and colour, so that no state is shown by colour alone. `waiting`:
 * another program must act. `busy`: the controller is working.
 */
export type Tone = 'ready' | 'busy' | 'waiting' | 'blocked' | 'failed' | 'idle' | 'leaving' | 'unknown';

const TONES: Readonly<Record<string, Tone>> = {
  ready: 'ready',
  ACTIVE: 'ready',
  Active: 'ready',
  present: 'ready',
  applying: 'busy',
  IN_PROGRESS: 'busy',
  waiting: 'waiting',
  pending: 'waiting',
  absent: 'waiting',
  blocked: 'blocked',
  failed: 'failed',
  ERROR: 'failed',
  Inactive: 'failed',
  skipped: 'idle',
  deleted: 'idle',
  NONE: 'idle',
  deleting: 'leaving',
  DELETING: 'leaving',
};

/**
 * The look of the state of a node, an object, an instance or a definition; `unknown` for a state that only later
 * versions of the server have.
 */
export function toneOf(
  state: ShownState | InstanceRow['state'] | Reports.ObjectReport['state'] | 'Active' | 'Inactive',
): Tone {
  return Object.hasOwn(TONES, state) ? (TONES[state] ?? 'unknown') : 'unknown';
}

/** The look of what an instance in this state says about itself. Only an error is red: other instances just wait. */
export const reasonTone = (state: InstanceRow['state']): Tone => (state === 'ERROR' ? 'failed' : 'waiting');

const WORDS: Readonly<Record<string, string>> = {
  ACTIVE: 'Active',
  IN_PROGRESS: 'In progress',
  ERROR: 'Error',
  DELETING: 'Deleting',
  NONE: 'No state yet',
};

/** The state as a word for a badge. */
export function stateWord(state: string): string {
  if (Object.hasOwn(WORDS, state)) return WORDS[state] ?? state;
  return state === '' ? 'No state yet' : `${state.charAt(0).toUpperCase()}${state.slice(1)}`;
}

/** Does a node in this state need neither work nor attention? */
export function isSettled(state: ShownState): boolean {
  return state === 'ready' || state === 'skipped' || state === 'deleted';
}
