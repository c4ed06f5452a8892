/** Pictures of graphs: SVG, Graphviz, Mermaid and an outline as text. Pure. */
export { outlineLines } from './outline-text.ts';
