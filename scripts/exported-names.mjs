/**
 * Refuses two exported functions of one name. A reader who searches for a name finds one behaviour.
 * `PAIRS` has the names that two files export on purpose, and may only become shorter.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Two trees of expressions with a constructor for each kind of node: the tree of CEL, and that of compositions. */
const TREES = ['call', 'list', 'literal', 'member', 'select'];
/** Hooks whose names Node's loaders prescribe. */
const HOOKS = ['load'];
/** One library, in a process that loads it late, and in a bundle. */
const HOSTS = ['proxyLibrary'];
const PAIRS = new Set([...TREES, ...HOOKS, ...HOSTS]);

const EXPORTED = /^export (?:async )?(?:function\*? (\w+)|const (\w+)(?:: [^=]+)? = (?:async )?(?:\(|<|\w+ =>))/gm;

/** Returns a problem for each name that two files export, and for each name of `PAIRS` that only one file exports. */
export function repeatedNames() {
  const places = new Map();
  const files = execFileSync('git', ['ls-files', 'src/*.ts', 'src/*.tsx'], { encoding: 'utf8' });
  for (const file of files.split('\n')) {
    if (!/\.tsx?$/.test(file) || /\.test\.|\/generated\//.test(file) || !existsSync(file)) continue;
    for (const [, first, second] of readFileSync(file, 'utf8').matchAll(EXPORTED)) {
      const name = first ?? second;
      places.set(name, (places.get(name) ?? new Set()).add(file));
    }
  }
  return [
    ...[...places]
      .filter(([name, { size }]) => size > 1 && !PAIRS.has(name))
      .map(([name, where]) => `${[...where].join(', ')}: export the name ${name} twice; say in the name what differs`),
    ...[...PAIRS]
      .filter((name) => (places.get(name)?.size ?? 0) < 2)
      .map((name) => `scripts/exported-names.mjs: ${name} is exported once; remove it from the list`),
  ];
}
