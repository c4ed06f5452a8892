import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { type TerminalInput, terminalKeyboard } from './keyboard.ts';

/** Returns a terminal and a process that record the calls that they receive. */
function fakeTerminal() {
  const done: string[] = [];
  const input = Object.assign(new EventEmitter(), {
    setRawMode: (on: boolean) => void done.push(on ? 'raw' : 'usual'),
    setEncoding: () => {},
    resume: () => void done.push('resume'),
    pause: () => void done.push('pause'),
  });
  const host = Object.assign(new EventEmitter(), {
    pid: 7,
    kill: (pid: number, signal: string) => void (done.push(`${signal} ${pid}`), host.emit(signal)),
  });
  const keyboard = terminalKeyboard(
    input as unknown as TerminalInput,
    () => void done.push('interrupt'),
    host as unknown as NodeJS.Process,
  );
  return { input, host, keyboard, done };
}

test.each([
  ['w', ['w']],
  ['wp', ['w', 'p']],
  ['\u001b[A', []],
  ['\u001b', []],
  ['\u001b[', []],
  ['\u001bw', []],
  ['\u001b\u007f', []],
  ['w\u001b[Ap', ['w', 'p']],
  ['w\u001bOPp', ['w', 'p']],
  ['w\u001b[[Ap', ['w', 'p']],
  ['w\u001b[1;5Cp', ['w', 'p']],
  ['w\u001b[15~p', ['w', 'p']],
  ['w\u001b\u001b[Ap', ['w', 'p']],
  ['w\u001b[A\u001b[Bp', ['w', 'p']],
  ['\u001b[A\u0003', ['interrupt']],
  ['\u001b\u0003', ['interrupt']],
  ['\u001b[\u0003', ['interrupt']],
  ['\u001bO\u0004', ['interrupt']],
  ['\u001b[1;\u001a', ['SIGTSTP 7', 'usual', 'SIGSTOP 0']],
  ['\u0003', ['interrupt']],
  ['\u0004', ['interrupt']],
])('the characters %j are reported as %j', (text, expected) => {
  const { input, keyboard, done } = fakeTerminal();
  keyboard.listen((key) => void done.push(key));
  input.emit('data', text);
  expect(done).toEqual(['raw', 'resume', ...expected]);
});

test('Ctrl-Z restores the terminal until the process continues', () => {
  const { input, host, keyboard, done } = fakeTerminal();
  keyboard.listen(() => {});
  input.emit('data', '\u001a');
  host.emit('SIGCONT');
  expect(done).toEqual(['raw', 'resume', 'SIGTSTP 7', 'usual', 'SIGSTOP 0', 'raw']);
});

test('the terminal mode is restored by the function that `listen` returns, and at the end of the process', () => {
  const { input, host, keyboard, done } = fakeTerminal();
  const stop = keyboard.listen(() => {});
  host.emit('exit');
  expect(done.at(-1)).toBe('usual');
  stop();
  expect(done.slice(-2)).toEqual(['usual', 'pause']);
  expect([...input.eventNames(), ...host.eventNames()]).toEqual([]);
  input.emit('data', 'w');
  expect(done.at(-1)).toBe('pause');
});

test('closing the terminal interrupts the command', () => {
  const { input, keyboard, done } = fakeTerminal();
  keyboard.listen(() => {});
  input.emit('end');
  input.emit('error', new Error('EIO'));
  expect(done.slice(-2)).toEqual(['interrupt', 'interrupt']);
});
