import type { JSX } from 'preact';
import { STATUS_NODE } from '@typekro/controller/inspect';
import type { PlaygroundStep } from '../../playground/input.ts';
import { Empty } from '../shared/parts.tsx';
import { ExpressionList } from '../shared/expression-list.tsx';

/** The expressions of one node, or of the status, in a step: places, types and values. */
export function StepValues(props: {
  readonly step: PlaygroundStep;
  /** The id of the selected node, or `STATUS_NODE`. For a node without expressions, the first node is shown. */
  readonly node: string | undefined;
  readonly onNode: (node: string) => void;
}): JSX.Element {
  const { values } = props.step;
  const shown = values.find(({ node }) => node === props.node) ?? values[0];
  if (shown === undefined) return <Empty title="The graph has no expressions." />;
  return (
    <>
      <label class="object-choice">
        <span>Expressions of</span>
        <select value={shown.node} onChange={(event) => props.onNode(event.currentTarget.value)}>
          {values.map(({ node }) => (
            <option key={node} value={node}>
              {node === STATUS_NODE ? 'the status' : node}
            </option>
          ))}
        </select>
      </label>
      <ExpressionList expressions={shown.expressions} />
    </>
  );
}
