/**
 * Builds the programs and the images of the node, when they are missing. `scripts/node.mjs` calls it before the tests,
 * because the namespaces of the tests do not reach a registry.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Archives, buildImages } from './images.ts';
import { PROGRAMS, buildPrograms } from './programs.ts';

/** The names under which the nodes of the tests know the image that serves pages, as in the first pages of the documentation. */
export const SERVER_IMAGES = ['typekro.test/web:1', 'docker.io/library/nginx:1.27'];

const images = join(PROGRAMS, 'images');
const list = join(images, 'archives.json');

/** The archives that the last build wrote. */
export const archivesOf = (): Archives => JSON.parse(readFileSync(list, 'utf8')) as Archives;

if (process.argv[2] === 'build') {
  buildPrograms();
  // The image of the controller is a copy of this checkout, and so it is built each time.
  const archives = buildImages(images, SERVER_IMAGES);
  writeFileSync(list, JSON.stringify(archives));
  console.log(`built: ${Object.keys(archives).join(', ')}`);
}
