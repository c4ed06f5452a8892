import type { JSX } from 'preact';
import { useId, useMemo, useState } from 'preact/hooks';
import { objectName } from '@typekro/kit/core';
import { type InstanceNode, matchesWords } from '@typekro/controller/inspect';
import { kindAndValue, ORDER } from '../graph/picture.ts';
import { toneOf } from '../graph/states.ts';
import { StateIcon } from '../shared/icons.tsx';
import { Empty } from '../shared/parts.tsx';
import { useVirtual } from './use-virtual.ts';
import { slotOf } from './virtual-window.ts';

const ROW_HEIGHT = 48;
/** Shorter lists need no filter. */
const MIN_FILTERED = 12;

/** All nodes of an instance. The picture of the graph may omit nodes; this list does not. */
export function NodeList(props: {
  readonly nodes: readonly InstanceNode[];
  readonly selected: string | undefined;
  readonly onSelect: (id: string) => void;
}): JSX.Element {
  const base = useId();
  const [filter, setFilter] = useState('');
  const nodes = useMemo(() => nodesOf(props.nodes, filter), [props.nodes, filter]);
  const initial = Math.max(
    0,
    nodes.findIndex(({ id }) => id === props.selected),
  );
  const virtual = useVirtual({
    total: nodes.length,
    rowHeight: ROW_HEIGHT,
    initial,
    onOpen: (index) => {
      const node = nodes[index];
      if (node !== undefined) props.onSelect(node.id);
    },
  });
  const { first, end } = virtual.shown;
  return (
    <section class="node-list" aria-label="Nodes">
      {props.nodes.length < MIN_FILTERED ? null : (
        <label class="search">
          <span class="visually-hidden">Filter the nodes</span>
          <input
            type="search"
            placeholder={`Filter ${props.nodes.length.toLocaleString('en')} nodes`}
            value={filter}
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
        </label>
      )}
      {nodes.length === 0 ? (
        <Empty title={filter === '' ? 'There are no nodes.' : 'No node matches the filter.'} />
      ) : null}
      <div
        ref={virtual.scroller}
        class="node-rows"
        role="listbox"
        aria-label="Nodes"
        tabIndex={nodes.length === 0 ? -1 : 0}
        aria-activedescendant={nodes.length === 0 ? undefined : `${base}-${virtual.active}`}
        onScroll={virtual.onScroll}
        onKeyDown={virtual.onKeyDown}
      >
        <div role="presentation" style={{ height: `${nodes.length * ROW_HEIGHT}px` }}>
          {nodes.slice(first, end).map((node, offset) => {
            const index = first + offset;
            return (
              <div
                key={slotOf(index, virtual.shown)}
                id={`${base}-${index}`}
                role="option"
                class="node-row"
                aria-selected={node.id === props.selected}
                aria-posinset={index + 1}
                aria-setsize={nodes.length}
                data-active={index === virtual.active}
                style={{ transform: `translateY(${index * ROW_HEIGHT}px)` }}
                title={`${node.id}: ${node.state}\n${node.reason}`}
                onClick={() => {
                  virtual.setActive(index);
                  props.onSelect(node.id);
                }}
              >
                <StateIcon tone={toneOf(node.state)} />
                <span class="node-name">{node.id}</span>
                <span class="node-reason">
                  {node.retired === true ? 'retired: ' : ''}
                  {node.state === 'ready' ? objectsText(node) : node.reason}
                </span>
              </div>
            );
          })}
        </div>
      </div>
    </section>
  );
}

/**
 * The nodes whose id, state, reason and objects contain the words of the filter. The worst nodes come first. Nodes of
 * the same tone keep their order.
 */
export function nodesOf(nodes: readonly InstanceNode[], filter: string): InstanceNode[] {
  return nodes
    .filter(({ id, state, reason, objects }) =>
      matchesWords([id, state, reason, ...objects.map(({ object }) => objectName(object))].join(' '), filter),
    )
    .sort((a, b) => ORDER.indexOf(toneOf(a.state)) - ORDER.indexOf(toneOf(b.state)));
}

function objectsText(node: InstanceNode): string {
  const [only] = node.objects;
  const total = node.objects.length + (node.omitted ?? 0);
  if (only === undefined) return 'no object';
  return total === 1
    ? kindAndValue(`${only.object.kind} ${only.object.name}`, node)
    : `${total.toLocaleString('en')} objects`;
}
