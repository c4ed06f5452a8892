import type { Keyboard } from '../command.ts';

/** Control characters. A terminal in raw mode passes them on to the program. */
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_Z = '\u001a';

/**
 * Matches an escape sequence: an arrow key, a function key or an Alt combination. Ctrl-C, Ctrl-D and Ctrl-Z are never
 * part of a match.
 */
// oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
const ESCAPE_SEQUENCE = /\u001b+(?:\[\[?[0-?]*[ -/]*[@-~]?|O[0-?]*[@-~]?|[^\u0003\u0004\u001a])?/gu;

/** The members of `process.stdin` that read a terminal. */
export type TerminalInput = Pick<NodeJS.ReadStream, 'setRawMode' | 'setEncoding' | 'on' | 'off' | 'resume' | 'pause'>;

/**
 * Reads the keys of a terminal. `listen` turns raw mode on, and returns a function that turns it off. The end of the
 * process also turns it off. Ctrl-C and Ctrl-D call `interrupt`, and Ctrl-Z suspends the process. Arrows and other
 * escape sequences are ignored.
 *
 * @param interrupt called for Ctrl-C, Ctrl-D, and when the terminal is closed
 * @param host the process whose end restores the terminal
 */
export function terminalKeyboard(
  input: TerminalInput,
  interrupt: () => void,
  host: Pick<NodeJS.Process, 'on' | 'off' | 'kill' | 'pid'> = process,
): Keyboard {
  return {
    listen(onKey) {
      const raw = (on: boolean): void => void input.setRawMode(on);
      const onData = (text: string): void => {
        // A terminal sends all bytes of an escape sequence in one chunk. The chunk can also contain other keys.
        for (const key of text.replaceAll(ESCAPE_SEQUENCE, '')) {
          if (key === CTRL_C || key === CTRL_D) interrupt();
          else if (key === CTRL_Z) host.kill(host.pid, 'SIGTSTP');
          else onKey(key);
        }
      };
      const leave = (): void => raw(false);
      const enter = (): void => raw(true);
      const pause = (): void => {
        leave();
        // Suspends the whole process group, including an npm process that started this one, as Ctrl-Z does without raw
        // mode.
        host.kill(0, 'SIGSTOP');
      };
      input.setEncoding('utf8');
      input.on('data', onData).on('end', interrupt).on('error', interrupt);
      host.on('exit', leave).on('SIGTSTP', pause).on('SIGCONT', enter);
      enter();
      input.resume();
      return () => {
        input.off('data', onData).off('end', interrupt).off('error', interrupt);
        host.off('exit', leave).off('SIGTSTP', pause).off('SIGCONT', enter);
        leave();
        input.pause();
      };
    },
  };
}
