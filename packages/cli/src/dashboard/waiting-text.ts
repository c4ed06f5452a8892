import { count } from '@typekro/kit/core';
import type { NodeReport } from '@typekro/engine/runtime';
import { type RefusedWrites, shownCauses, shownNodes } from '@typekro/app/instance';

/**
 * The reason why an instance waits, in the words of `typekro why`: its first root cause, and the number of the other
 * causes. `runtime/reports/explain.ts` has the texts of all reasons. Undefined when no node prevents progress.
 */
export function waitingText(
  nodes: readonly NodeReport[],
  explain: (node: NodeReport) => { readonly reason: string } = (node) => shownNodes([node]).of(node),
): string | undefined {
  const [first, ...others] = shownCauses(nodes);
  if (first === undefined) return undefined;
  const { reason } = explain(first.node);
  return `${first.node.id === '' ? '' : `${first.node.id}: `}${reason}${moreCauses(others.length)}`;
}

/**
 * Is the first root cause a pending write? A node also has this reason between two attempts of a write that fails. A
 * write in `refused` does not count as pending, because its error is known already.
 */
export function awaitsWrite(nodes: readonly NodeReport[], refused: RefusedWrites = new Map()): boolean {
  const first = shownCauses(nodes)[0]?.node;
  return first?.because.kind === 'write' && !refused.has(first.id);
}

const moreCauses = (number: number): string => (number === 0 ? '' : ` (and ${count(number, 'more cause')})`);

/** Matches the beginning of a message of kro's graph engine: the summary, the subgraphs, the node and the step. */
const BEGINNING =
  /^(?:(?:waiting for unresolved resource|field manager conflict|resource reconciliation failed): )?(?:apply "[^"]*" \(subgraph\): )*apply "([^"]*)"(?: \((?:ref|patch)\))?: (?:resolve: )?(?:node "[^"]*": )?/;

/** Matches the end of a message of kro's graph engine about a node that waits. */
const END =
  /(?: \((?:data pending|waiting for readiness)\))?(?:: waiting for readiness)?(?:: | \()executor: node not ready\)?$/;

/**
 * Patterns for the middle of such a message (without `BEGINNING` and `END`), each with its replacement in plain words.
 */
const WORDS: readonly (readonly [RegExp, (...parts: string[]) => string])[] = [
  [
    /^external ref (\S+) "([^"]*)" not found$/,
    (kind, name) => `waits for ${kind} ${name}, which another client must create`,
  ],
  [/^patch target (\S+) "([^"]*)" not found$/, (kind, name) => `waits for ${kind} ${name}, which the patch changes`],
  [
    /^readyWhen ("(?:[^"\\]|\\.)*")(?: \(item \d+\))? is false$/,
    (expression) => `waits until ${unquoted(expression)} is true`,
  ],
];

/**
 * Decodes a string quoted by Go's `%q`. A string with escapes that JSON does not have, such as `\x00`, keeps its
 * quotes.
 */
function unquoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

/**
 * Rewrites the message of kro's condition `Ready` in plain words. Used for a cluster whose controller is not in this
 * process and provides no reports.
 */
export function plainMessage(message: string): string {
  const [line = '', ...rest] = message.split('\n');
  const node = BEGINNING.exec(line);
  if (node === null) return message;
  const text = line.slice(node[0].length).replace(END, '');
  const known = WORDS.flatMap(([pattern, words]) => {
    const found = pattern.exec(text);
    return found === null ? [] : [words(...found.slice(1).map(String))];
  });
  return `${node[1]}: ${known[0] ?? text}${moreCauses(rest.length)}`;
}
