/** @jsxImportSource preact */
import { createElement, options } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { afterAll, expect, test } from 'vitest';
import { drawPrintable } from './draw-printable.ts';

// oxlint-disable-next-line typescript/unbound-method -- Preact calls its hooks without `this`
const before = options.vnode;
drawPrintable();
afterAll(() => {
  if (before === undefined) delete options.vnode;
  else options.vnode = before;
});

const HIDDEN = 'a\u202eb\u200b\u2066';
const SHOWN = String.raw`a\u202eb\u200b\u2066`;
const Boxed = ({ children }: { readonly children: string }) => <b>{children}</b>;

test.each([
  ['a text', <p>{HIDDEN}</p>, `<p>${SHOWN}</p>`],
  ['a text beside others', <p>x {[HIDDEN, 1]}</p>, `<p>x ${SHOWN}1</p>`],
  ['a text of a component', <Boxed>{HIDDEN}</Boxed>, `<b>${SHOWN}</b>`],
  ['a text without an element', <>{HIDDEN}</>, SHOWN],
  ['a text of a drawing', <text>{HIDDEN}</text>, `<text>${SHOWN}</text>`],
  ['a title', <p title={HIDDEN} />, `<p title="${SHOWN}"></p>`],
  ['an aria-label', <p aria-label={HIDDEN} />, `<p aria-label="${SHOWN}"></p>`],
  ['the value of a field', <input value={HIDDEN} />, `<input value="${HIDDEN}"/>`],
  ['line breaks and tabs, which stay', <pre>{'a\n\tb'}</pre>, '<pre>a\n\tb</pre>'],
])('invisible characters are drawn as escapes, except in the values of fields: %s', (_what, view, expected) => {
  expect(renderToString(view)).toBe(expected);
});

test('the text nodes that Preact makes are not changed', () => {
  const text = createElement('p', null);
  const node = { ...text, type: null, props: 'a' } as unknown as typeof text;
  options.vnode?.(node);
  expect(node.props).toBe('a');
});
