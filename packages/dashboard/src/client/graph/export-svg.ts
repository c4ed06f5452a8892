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

/** The characters that XML forbids, even as character references. Names and messages of the cluster may have them. */
const FORBIDDEN_IN_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** Saves the whole drawing as a file that needs no style sheet, on the background of the page. */
export function exportSvg(drawing: SVGSVGElement, layout: Layout, fileName: string): void {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  copyStyles(drawing, copy);
  copy.setAttribute('viewBox', `0 0 ${layout.width} ${layout.height}`);
  copy.setAttribute('width', `${layout.width}`);
  copy.setAttribute('height', `${layout.height}`);
  for (const element of copy.querySelectorAll('[tabindex], [role=button]')) {
    for (const name of ['tabindex', 'role', 'aria-pressed']) element.removeAttribute(name);
  }
  const background = document.createElementNS(copy.namespaceURI, 'rect');
  background.setAttribute('width', '100%');
  background.setAttribute('height', '100%');
  background.setAttribute('fill', backgroundOf(drawing));
  copy.prepend(background);
  // A text that is serialized as HTML, such as `outerHTML`, has entities that XML does not know.
  const text = new XMLSerializer().serializeToString(copy).replaceAll(FORBIDDEN_IN_XML, '\ufffd');
  const url = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName.replaceAll(/[^\w.-]+/g, '-');
  link.click();
  URL.revokeObjectURL(url);
}

/** The colour of the part of the page that has the drawing. */
function backgroundOf(drawing: Element): string {
  return getComputedStyle(drawing.closest('.graph') ?? document.body).backgroundColor;
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
