import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openDocument } from '@typekro/editor';
import { share } from '@typekro/kit/test-support/budget';
import { seededChoices } from '../support/choices.ts';
import { askAll, randomEdit } from '../support/editor-fuzz.ts';
import { editorAt, SHOP, URI } from '@typekro/editor/test-support/editor';

const folder = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const textsIn = (path: string): string[] =>
  readdirSync(path)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(path + name, 'utf8'));
const START = [
  SHOP,
  ...textsIn(folder('../conformance/graph/realistic/')),
  ...textsIn(folder('../../examples/graphs/')),
];

/** The number of edits of one document. */
const EDITS = 20;

describe('random edits of documents', () => {
  const { first, count } = share('editorEdits');

  test('after each edit, every request has a correct response, and the diagnostics equal those of a new document with the same text', async () => {
    for (let seed = Math.ceil(first / EDITS); seed < (first + count) / EDITS; seed += 1) {
      const choices = seededChoices(seed);
      const start = START[choices.below(START.length)] ?? SHOP;
      const { workspace, document: first } = editorAt(start, { 'shop.yaml': SHOP });
      let document = first;
      for (let edit = 1; edit <= EDITS; edit += 1) {
        document = workspace.change(URI, edit + 1, [randomEdit(document, choices)]) ?? document;
        const position = document.text.positionAt(choices.below(document.text.text.length + 1));
        const where = `seed ${seed}, edit ${edit}`;
        const wrong = await askAll(document, workspace, position).catch((error: unknown) => {
          throw new Error(`${where}: ${JSON.stringify(document.text.text)}`, { cause: error });
        });
        expect(wrong, where).toBeUndefined();
        const whole = openDocument(URI, document.file, 1, document.text.text).parsed();
        expect(document.parsed().diagnostics, where).toEqual(whole.diagnostics);
      }
    }
  }, 3_600_000);
});
