import { options } from 'preact';
import { printable } from '../../../core/index.ts';

/** The properties of an element that a browser shows or reads to a user. */
const SHOWN = ['title', 'aria-label', 'placeholder'];

/**
 * Makes every text that the page draws printable: texts of elements, their titles and their names. A value from outside
 * can thus not reorder or hide a part of the page. Values of fields, addresses and copied texts stay as they are.
 */
export function drawPrintable(): void {
  // oxlint-disable-next-line typescript/unbound-method -- Preact calls its hooks without `this`
  const before = options.vnode;
  options.vnode = (node) => {
    // Preact also makes nodes of the texts of elements. Their `props` are the text.
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
