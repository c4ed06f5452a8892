import { options } from 'preact';
import { printable } from '@typekro/kit/core';

/** The properties of an element that a browser shows or reads to a user. */
const SHOWN = ['title', 'aria-label', 'placeholder'];

/**
 * Makes every string that the page draws printable: the text in elements, and their titles, accessible names and
 * placeholders. A value from outside therefore cannot reorder or hide a part of the page. Values of input fields,
 * addresses and copied strings are not changed.
 */
export function drawPrintable(): void {
  // oxlint-disable-next-line typescript/unbound-method -- Preact calls its hooks without `this`
  const before = options.vnode;
  options.vnode = (node) => {
    // Preact also makes a node for the text in an element. Its `props` are the string itself.
    const props = node.props as unknown;
    if (isRecord(props)) {
      if ('children' in props) props['children'] = shown(props['children']);
      for (const name of typeof node.type === 'string' ? SHOWN : [])
        if (typeof props[name] === 'string') props[name] = printable(props[name]);
    }
    before?.(node);
  };
}

const isRecord = (props: unknown): props is Record<string, unknown> => typeof props === 'object' && props !== null;

function shown(children: unknown): unknown {
  if (typeof children === 'string') return printable(children);
  return Array.isArray(children) ? children.map(shown) : children;
}
