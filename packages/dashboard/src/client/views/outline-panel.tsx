import type { JSX } from 'preact';
import type { OutlineNode } from '@typekro/engine/graph';
import { type GraphEdge, STATUS_NODE } from '@typekro/controller/inspect';
import { Panel } from '../shared/panel.tsx';

/** A node of a definition: what it makes, when, and from which data. */
export function OutlinePanel(props: {
  readonly node: OutlineNode;
  readonly edges: readonly GraphEdge[];
  readonly onClose: () => void;
  readonly onSelect: (node: string) => void;
}): JSX.Element {
  const { node, edges } = props;
  const rules: readonly (readonly [string, readonly string[]])[] = [
    ['For each', node.forEach.map(({ name, expression }) => `${name} in ${expression}`)],
    ['Included when', node.includeWhen],
    ['Ready when', node.readyWhen],
    ['Writes when', node.propagateWhen ?? []],
  ];
  const reads = edges.filter(({ to }) => to === node.id);
  const readers = [
    ...new Set(edges.filter(({ from, to }) => from === node.id && to !== STATUS_NODE).map(({ to }) => to)),
  ];
  return (
    <Panel title={node.id} subtitle={`${node.kind} · ${node.apiVersion}`} onClose={props.onClose}>
      <dl class="facts">
        {rules.map(([label, expressions]) =>
          expressions.length === 0 ? null : (
            <div key={label}>
              <dt>{label}</dt>
              <dd>
                {expressions.map((expression) => (
                  <code key={expression}>{expression}</code>
                ))}
              </dd>
            </div>
          ),
        )}
        <div>
          <dt>Level</dt>
          <dd>
            {node.level}
            {node.level === 1 ? ', reads no other node' : ''}
          </dd>
        </div>
      </dl>
      <h3>Reads</h3>
      {reads.length === 0 ? <p class="soft">Nothing of the spec or of other nodes.</p> : null}
      <ul class="rows">
        {reads.map((edge) => (
          <li key={edge.from}>
            <strong>{edge.from === 'schema' ? "The instance's spec" : edge.from}</strong>
            {edge.reads.map(({ place, expression }) => (
              <p key={place}>
                <span class="soft">{place}</span> <code>{expression}</code>
              </p>
            ))}
          </li>
        ))}
      </ul>
      {readers.length === 0 ? null : (
        <>
          <h3>Read by</h3>
          <p class="links">
            {readers.map((id) => (
              <button key={id} type="button" class="chip" onClick={() => props.onSelect(id)}>
                {id}
              </button>
            ))}
          </p>
        </>
      )}
    </Panel>
  );
}
