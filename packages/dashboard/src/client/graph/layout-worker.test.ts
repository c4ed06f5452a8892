import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { dashboardFilesText } from '@typekro/kit/core';
import { computeLayout } from './compute-layout.ts';
import type { LayoutInput, LayoutAnswer, LayoutRequest } from './layout.ts';

/** The worker script of the page. It lacks the parts of the layout library that the page does not use. */
const script = (JSON.parse(dashboardFilesText()) as Record<string, string>)['/layout-worker.js'] ?? '';

/** The layout of an input by the script of the page. */
function layoutOfPage(input: LayoutInput): LayoutAnswer['layout'] {
  let listener: ((event: { readonly data: LayoutRequest }) => void) | undefined;
  const answers: LayoutAnswer[] = [];
  runInNewContext(script, {
    addEventListener: (_: string, added: typeof listener) => (listener = added),
    postMessage: (answer: LayoutAnswer) => answers.push(answer),
  });
  listener?.({ data: { id: 1, input } });
  const [answer] = answers;
  if (answer === undefined) throw new Error('the script of the page gives no layout');
  return answer.layout;
}

/** A graph with lines to each box from up to three of the boxes before it. The same seed produces the same graph. */
function graphOf(seed: number, count: number, direction: LayoutInput['direction']): LayoutInput {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state % below;
  };
  const boxes = Array.from({ length: count }, (_, index) => ({
    id: `n${index}`,
    width: 216,
    height: 56 + random(3) * 20,
  }));
  const lines = boxes.flatMap(({ id }, index) => {
    const targets = index === 0 ? [] : Array.from({ length: random(4) }, () => `n${random(index)}`);
    return [...new Set(targets)].map((from) => ({ from, to: id }));
  });
  // Pictures with groups may have cycles.
  return {
    boxes,
    lines: seed % 3 === 0 ? [...lines, { from: `n${count - 1}`, to: 'n0' }] : lines,
    direction,
    columns: 4,
  };
}

test.each(Array.from({ length: 12 }, (_, seed) => [seed + 1, 5 + seed * 4]))(
  'the script of the page and the whole library compute the same layout for graph %i with %i boxes',
  (seed, count) => {
    const input = graphOf(seed, count, seed % 2 === 0 ? 'TB' : 'LR');
    const plain = ({ boxes, lines, ...size }: LayoutAnswer['layout']) => ({
      ...size,
      boxes: Object.fromEntries(boxes),
      lines: Object.fromEntries(lines),
    });
    expect(JSON.stringify(plain(layoutOfPage(input)))).toBe(JSON.stringify(plain(computeLayout(input))));
  },
);
