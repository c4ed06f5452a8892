/**
 * Reports functions of the same name that two files export, so that a search for a name finds one behaviour. `PAIRS`
 * has the names that two files export on purpose. Do not add names to `PAIRS`.
 */
import { readFileSync } from 'node:fs';
import { handWrittenFiles } from './workspace.mjs';

/** Constructors of expression nodes. The syntax tree of CEL and the expression tree of compositions each have them. */
const TREES = ['call', 'list', 'literal', 'member', 'select'];
/** Hooks whose names Node's loaders prescribe. */
const HOOKS = ['load'];
const PAIRS = new Set([...TREES, ...HOOKS]);

const EXPORTED =
  /^export (?:async )?(?:function\*? (\w+)|const (\w+)(?:: (?:[^=\n]|=>)+)? =\s+(?:async )?(?:\([^;]*?\)(?:: [^=;]+)? =>|<|\w+ =>))/gm;

/**
 * Returns a problem for each name that two files export, and for each name of `PAIRS` that fewer than two files export.
 */
export function repeatedNames() {
  const places = new Map();
  for (const file of handWrittenFiles()) {
    for (const [, first, second] of readFileSync(file, 'utf8').matchAll(EXPORTED)) {
      const name = first ?? second;
      places.set(name, (places.get(name) ?? new Set()).add(file));
    }
  }
  return [
    ...[...places]
      .filter(([name, { size }]) => size > 1 && !PAIRS.has(name))
      .map(
        ([name, where]) =>
          `${[...where].join(', ')}: each export the name ${name}; rename one, so that the name says what differs`,
      ),
    ...[...PAIRS]
      .filter((name) => (places.get(name)?.size ?? 0) < 2)
      .map((name) => `scripts/exported-names.mjs: ${name} is no longer exported by two files; remove it from the list`),
  ];
}
