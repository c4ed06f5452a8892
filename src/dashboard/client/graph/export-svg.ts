import type { Layout } from './layout.ts';

/** The properties of the style sheet that a drawing needs outside of the page. */
const PROPERTIES = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linecap',
  'stroke-linejoin',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
] as const;

/** Saves the whole drawing as a file that needs no style sheet. */
export function exportSvg(drawing: SVGSVGElement, layout: Layout, fileName: string): void {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  copyStyles(drawing, copy);
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('viewBox', `0 0 ${layout.width} ${layout.height}`);
  copy.setAttribute('width', `${layout.width}`);
  copy.setAttribute('height', `${layout.height}`);
  for (const element of copy.querySelectorAll('[tabindex], [role=button]')) {
    for (const name of ['tabindex', 'role', 'aria-pressed']) element.removeAttribute(name);
  }
  const url = URL.createObjectURL(new Blob([copy.outerHTML], { type: 'image/svg+xml' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName.replaceAll(/[^\w.-]+/g, '-');
  link.click();
  URL.revokeObjectURL(url);
}

/** Writes the computed style of each element into its attributes. */
function copyStyles(from: Element, to: Element): void {
  const style = getComputedStyle(from);
  for (const name of PROPERTIES) {
    const value = style.getPropertyValue(name);
    if (value !== '' && to.getAttribute(name) !== value) to.setAttribute(name, value);
  }
  for (const [index, child] of [...from.children].entries()) {
    const copy = to.children[index];
    if (copy !== undefined) copyStyles(child, copy);
  }
}
