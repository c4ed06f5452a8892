import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The licence of an installed library as a legal comment, for a bundle that contains the library. */
export const licenseOf = (root, name) =>
  `/*! ${name}\n${readFileSync(join(root, `node_modules/${name}/LICENSE`), 'utf8').trim()}\n*/\n`;
