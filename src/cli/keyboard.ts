import type { Keyboard } from './command.ts';

/** Characters that a terminal in raw mode passes on, and handles itself in any other mode. */
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_Z = '\u001a';
const ESCAPE = '\u001b';

/** The input of a terminal, as `process.stdin` has it. */
export type TerminalInput = Pick<NodeJS.ReadStream, 'setRawMode' | 'setEncoding' | 'on' | 'off' | 'resume' | 'pause'>;

/**
 * The keys of a terminal. `listen` turns raw mode on. The function that `listen` returns, and the end of the process,
 * turn raw mode off. Ctrl-C and Ctrl-D interrupt, and Ctrl-Z suspends the process. Arrows and other escape sequences
 * are ignored.
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
        // A terminal sends all bytes of an arrow, a function key or Alt with a letter in one piece.
        if (text.startsWith(ESCAPE)) return;
        for (const key of text) {
          if (key === CTRL_C || key === CTRL_D) interrupt();
          else if (key === CTRL_Z) host.kill(host.pid, 'SIGTSTP');
          else onKey(key);
        }
      };
      const leave = (): void => raw(false);
      const enter = (): void => raw(true);
      const pause = (): void => {
        leave();
        // Suspends the whole job, including an npm that started this process, as Ctrl-Z does in a terminal without raw
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
