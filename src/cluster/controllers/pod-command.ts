import type { JsonObject, KubeObject } from '../../core/index.ts';
import { listAt, objectsAt, optionalAt } from '../../kubernetes/index.ts';

/** How the command of a container ends. */
export interface CommandEnd {
  readonly afterMs: number;
  readonly exitCode: number;
}

const SHELLS = new Set(['ash', 'bash', 'dash', 'sh', 'zsh']);
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'];

/**
 * The end of a pod that is not restarted for ever, as far as its specification says it: when its last container ends,
 * with the exit code of the first container that fails. `undefined` for a pod that serves: a container has ports or
 * probes, runs the program of its image, or runs a command without an end.
 */
export function endOfCommands(pod: KubeObject): CommandEnd | undefined {
  let [afterMs, exitCode] = [0, 0];
  for (const container of objectsAt(pod.spec, 'containers')) {
    const end = endOfContainer(container);
    if (end === undefined) return undefined;
    afterMs = Math.max(afterMs, end.afterMs);
    if (exitCode === 0) exitCode = end.exitCode;
  }
  return { afterMs, exitCode };
}

function endOfContainer(container: JsonObject): CommandEnd | undefined {
  if (objectsAt(container, 'ports').length > 0) return undefined;
  if (PROBES.some((probe) => optionalAt(container, probe) !== undefined)) return undefined;
  const words = [...listAt(container, 'command'), ...listAt(container, 'args')].map(String);
  return words.length === 0 ? undefined : endOfCommand(words);
}

/**
 * The end of a command: `sleep` takes its time, `false` and `exit N` fail, and `pause`, `sleep infinity`, `tail -f` and
 * endless loops have no end. Every other command ends at once, with success.
 */
export function endOfCommand(words: readonly string[]): CommandEnd | undefined {
  const [first = '', ...rest] = words;
  const program = first.slice(first.lastIndexOf('/') + 1);
  const option = rest.findIndex((word) => /^-[a-z]*c$/.test(word));
  if (SHELLS.has(program) && option >= 0) return endOfScript(rest[option + 1] ?? '');
  return endOfStatement(program, rest);
}

function endOfStatement(program: string, rest: readonly string[]): CommandEnd | undefined {
  switch (program) {
    case 'pause':
      return undefined;
    case 'tail':
      return rest.some((word) => /^-[a-z]*[fF]/.test(word) || word.startsWith('--follow'))
        ? undefined
        : { afterMs: 0, exitCode: 0 };
    case 'sleep': {
      const afterMs = rest.reduce((sum, word) => sum + durationOf(word), 0);
      return Number.isFinite(afterMs) ? { afterMs, exitCode: 0 } : undefined;
    }
    case 'false':
      return { afterMs: 0, exitCode: 1 };
    case 'exit':
      return { afterMs: 0, exitCode: Number(/^\d{1,3}$/.exec(rest[0] ?? '')?.[0] ?? 0) & 0xff };
    default:
      return { afterMs: 0, exitCode: 0 };
  }
}

/** The end of a script of a shell. Its statements run one after another until `exit`; the last one decides. */
function endOfScript(script: string): CommandEnd | undefined {
  if (/\bwhile\s+(?:true|:|\[\s*1\s*\])|\buntil\s+false\b|\bfor\s*\(\(\s*;\s*;\s*\)\)/.test(script)) return undefined;
  let [afterMs, exitCode] = [0, 0];
  let operator = ';';
  for (const part of script.split(/(&&|\|\||[;\n])/)) {
    if (/^(?:&&|\|\||[;\n])$/.test(part)) {
      operator = part;
      continue;
    }
    const isSkipped = (operator === '&&' && exitCode !== 0) || (operator === '||' && exitCode === 0);
    const statement = isSkipped ? '' : part;
    const [first = '', ...words] = statement.trim().split(/\s+/);
    const [program = '', ...rest] = first === 'exec' ? words : [first, ...words];
    if (program === '') continue;
    const end = endOfStatement(program.slice(program.lastIndexOf('/') + 1), rest);
    if (end === undefined) return undefined;
    afterMs += end.afterMs;
    exitCode = end.exitCode;
    if (program === 'exit') break;
  }
  return { afterMs, exitCode };
}

function durationOf(word: string): number {
  if (/^inf(?:inity)?$/.test(word)) return Number.POSITIVE_INFINITY;
  const parts = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(word);
  return parts === null ? 0 : Number(parts[1]) * (UNIT_MS[parts[2] || 's'] ?? 1000);
}
