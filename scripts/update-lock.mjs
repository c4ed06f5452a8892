/**
 * Writes the lock file of a folder anew, with one line for each package: `node scripts/update-lock.mjs test/hosts`, or
 * without a folder that of the repository. npm alone writes about fifteen lines for each. npm reads both forms.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { run } from './run.mjs';

const [folder = '.'] = process.argv.slice(2);
const path = `${folder}/package-lock.json`;
await run('npm', ['install', '--prefix', folder, '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund']);
const { packages, ...head } = JSON.parse(readFileSync(path, 'utf8'));
const entry = ([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`;
const list = (object) => Object.entries(object).map(entry).join(',\n');
writeFileSync(path, `{\n${list(head)},\n"packages": {\n${list(packages)}\n}\n}\n`);
