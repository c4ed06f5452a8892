/**
 * The rooms of `src/` in order: a folder imports only folders that stand before it, and only through
 * their door (`index.ts`). `npm run lint` checks it; run this file to rewrite the rules in
 * `.oxlintrc.json` after a room was added.
 */
import { readFileSync, writeFileSync } from 'node:fs';

export const ROOMS = [
  'core',
  'golang',
  'kubernetes',
  'cel',
  'schema',
  'graph',
  'runtime',
  'readiness',
  'kube',
  'inspect',
  'execute',
  'controller',
  'cluster',
  'compose',
  'transform',
  'factories',
  'deploy',
  'alchemy',
  'testing',
  'dashboard',
  'cli',
];

/** Arrows that the order would allow but the design forbids. */
const FORBIDDEN = { cluster: ['execute', 'controller'] };

function overrideFor(room, index) {
  const later = [...ROOMS.slice(index + 1), ...(FORBIDDEN[room] ?? [])];
  const earlier = ROOMS.slice(0, index).filter((name) => !later.includes(name));
  const patterns = [];
  if (later.length > 0) {
    patterns.push({
      regex: `^(\\.\\./)+(${later.join('|')})/`,
      message: `src/${room} may not import these rooms; see scripts/layers.mjs for the order.`,
    });
  }
  if (earlier.length > 0) {
    patterns.push({
      regex: `^(\\.\\./)+(${earlier.join('|')})/(?!index\\.ts$)`,
      message: 'Import another room through its door, index.ts.',
    });
  }
  return {
    files: [`src/${room}/**/*.ts`, `src/${room}/**/*.tsx`],
    rules: { 'no-restricted-imports': ['error', { patterns }] },
  };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const file = new URL('../.oxlintrc.json', import.meta.url);
  const config = JSON.parse(readFileSync(file, 'utf8'));
  config.overrides = [
    ...(config.overrides ?? []).filter((entry) => !('no-restricted-imports' in (entry.rules ?? {}))),
    ...ROOMS.map(overrideFor),
  ];
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`);
}
