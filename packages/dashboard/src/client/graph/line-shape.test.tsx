/** @jsxImportSource preact */
import { renderToString } from 'preact-render-to-string';
import { expect, test } from 'vitest';
import { LineLabel } from './graph-view.tsx';

test('the text of a label is cut at its frame', () => {
  const label = { key: 'a', text: `a${'\u0301'.repeat(40)}`, whole: 'a', x: 0, y: 0, width: 60 };
  expect(renderToString(<LineLabel label={label} />)).toMatch(
    /<svg x="-30" y="-10" width="60" height="20" overflow="hidden"><text[^>]*>a\u0301{40}<\/text><\/svg>/u,
  );
});
