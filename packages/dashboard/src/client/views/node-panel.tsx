import type { JSX } from 'preact';
import { type ObjectRef, objectName } from '@typekro/kit/core';
import type { InstanceNode, NodeDetail, ValueEdge } from '@typekro/controller/inspect';
import { inspectPaths, instanceRef, parseInstanceRef } from '@typekro/controller/inspect';
import { ofInstance } from '../data/concerns.ts';
import { useRemote } from '../data/use-remote.ts';
import { objectStateText, plural, toneOfObject, unreadyFirst } from '../graph/picture.ts';
import { StateIcon } from '../shared/icons.tsx';
import { Panel } from '../shared/panel.tsx';
import { CopyCommand, copyCommand, Empty, ReadNotice, Remedy, StateBadge, Value } from '../shared/parts.tsx';
import { ExpressionList } from '../shared/expression-list.tsx';
import { useShortcuts } from '../shared/shortcuts.ts';
import { type Tab, Tabs } from '../shared/tabs.tsx';
import { getCommand, instanceEventsCommand, whyCommand } from '../text/kubectl.ts';
import { EventsPanel } from './events-panel.tsx';
import { LazyLogs, LazyObject, LazyOwned } from './lazy-views.tsx';

/** A node of an instance: its state, its objects, its values, events and logs. */
export function NodePanel(props: {
  readonly instance: string;
  readonly instanceObject: ObjectRef;
  readonly node: InstanceNode;
  readonly edges: readonly ValueEdge[];
  /** The `instanceRef` of the chosen object. If absent, the first object of `unreadyFirst` is chosen. */
  readonly object: string | undefined;
  readonly tab: string | undefined;
  readonly onObject: (object: string) => void;
  readonly onTab: (tab: string) => void;
  readonly onNode: (id: string) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const { instance, node } = props;
  const objects = objectsOf(node, props.object);
  const object = objects.find((other) => instanceRef(other) === props.object) ?? objects[0];
  // Without an object, the command explains why there is none.
  const command = object === undefined ? whyCommand(props.instanceObject, node.id) : getCommand(object);
  useShortcuts('Node', 'selection', [
    { keys: 'c', description: 'Copy a command for the node', run: () => void copyCommand(command) },
  ]);
  const tabs: readonly Tab[] = [
    { id: 'state', label: 'State', panel: () => <StatePanel {...props} chosen={object} onChoose={props.onObject} /> },
    {
      id: 'object',
      label: 'Object',
      panel: () =>
        object === undefined ? (
          <NoObject />
        ) : (
          <LazyObject key={instanceRef(object)} instance={instance} object={object} />
        ),
    },
    { id: 'values', label: 'Values', panel: () => <ValuesPanel instance={instance} node={node.id} object={object} /> },
    {
      id: 'events',
      label: 'Events',
      panel: () => (
        <>
          <CopyCommand command={instanceEventsCommand(props.instanceObject, node.id)} label="events" />
          <EventsPanel instance={instance} node={node.id} />
        </>
      ),
    },
    {
      id: 'logs',
      label: 'Logs',
      panel: () =>
        object === undefined ? (
          <NoObject />
        ) : (
          <LazyLogs key={instanceRef(object)} instance={instance} object={object} />
        ),
    },
  ];
  return (
    <Panel
      title={node.id}
      subtitle={object === undefined ? undefined : objectName(object)}
      actions={<CopyCommand command={command} {...(object === undefined ? { label: 'why' } : {})} />}
      onClose={props.onClose}
    >
      {props.object === undefined || (object !== undefined && instanceRef(object) === props.object) ? null : (
        <p class="notice" role="alert">
          The node has no object {props.object}.
        </p>
      )}
      {objects.length < 2 || props.tab === undefined || props.tab === 'state' ? null : (
        <ObjectChoice objects={objects} chosen={object} onChoose={props.onObject} />
      )}
      <Tabs label="Parts of the node" tabs={tabs} selected={props.tab} onSelect={props.onTab} />
    </Panel>
  );
}

/**
 * The objects of a node. Those that need attention come first. The server leaves out some objects of a large
 * collection, so the chosen object is added if it is missing.
 */
function objectsOf(node: InstanceNode, chosen: string | undefined): readonly ObjectRef[] {
  const { omitted = 0 } = node;
  const refs = unreadyFirst(node).map(({ object }) => object);
  if (chosen === undefined || omitted === 0 || refs.some((ref) => instanceRef(ref) === chosen)) return refs;
  const ref = parseInstanceRef(chosen);
  return ref === undefined ? refs : [ref, ...refs];
}

const NoObject = (): JSX.Element => <Empty title="The node has no object yet." />;

function ObjectChoice(props: {
  readonly objects: readonly ObjectRef[];
  readonly chosen: ObjectRef | undefined;
  readonly onChoose: (key: string) => void;
}): JSX.Element {
  return (
    <label class="object-choice">
      <span>Object</span>
      <select
        value={props.chosen === undefined ? '' : instanceRef(props.chosen)}
        onChange={(event) => props.onChoose(event.currentTarget.value)}
      >
        {props.objects.map((object) => (
          <option key={instanceRef(object)} value={instanceRef(object)}>
            {objectName(object)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** `2 of 900 are not ready`. */
export function unreadyText({ objects, unready = 0, omitted = 0 }: InstanceNode): string {
  const total = objects.length + omitted;
  return `${unready.toLocaleString('en')} of ${total.toLocaleString('en')} ${unready === 1 ? 'is' : 'are'} not ready`;
}

/** The maximum number of objects that the tab State lists. */
const MAX_OBJECTS = 100;

function StatePanel(props: {
  readonly instance: string;
  readonly node: InstanceNode;
  readonly edges: readonly ValueEdge[];
  readonly chosen: ObjectRef | undefined;
  readonly onChoose: (key: string) => void;
  readonly onNode: (id: string) => void;
}): JSX.Element {
  const { node, edges } = props;
  const reads = edges.filter(({ to }) => to === node.id);
  const hidden = Math.max(0, node.objects.length - MAX_OBJECTS) + (node.omitted ?? 0);
  return (
    <>
      <p class="node-state">
        <StateBadge state={node.state} />
        <span>{node.reason}</span>
      </p>
      <Remedy text={node.remedy} />
      {node.waitsFor.length === 0 ? null : (
        <p class="links">
          <span class="soft">waits for</span>
          {node.waitsFor.map((id) => (
            <button key={id} type="button" class="chip" onClick={() => props.onNode(id)}>
              {id}
            </button>
          ))}
        </p>
      )}
      <h3>Objects{node.unready === undefined || node.objects.length < 2 ? null : <> · {unreadyText(node)}</>}</h3>
      {node.objects.length === 0 ? <p class="soft">None yet.</p> : null}
      <ul class="rows objects">
        {unreadyFirst(node)
          .slice(0, MAX_OBJECTS)
          .map((each) => (
            <li key={instanceRef(each.object)}>
              <StateIcon tone={toneOfObject(each, node)} />
              <button
                type="button"
                class="link"
                aria-pressed={props.chosen !== undefined && instanceRef(each.object) === instanceRef(props.chosen)}
                onClick={() => props.onChoose(instanceRef(each.object))}
              >
                {objectName(each.object)}
              </button>
              <span class="soft">
                {objectStateText(each)}
                {each.value === undefined ? '' : `, ${each.value}`}
              </span>
            </li>
          ))}
      </ul>
      {hidden === 0 ? null : (
        <p class="soft">
          {plural(hidden, 'more object')} {hidden === 1 ? 'is' : 'are'} not listed.
        </p>
      )}
      {props.chosen?.namespace === undefined || node.objects.length === 0 ? null : (
        <LazyOwned key={instanceRef(props.chosen)} instance={props.instance} object={props.chosen} />
      )}
      {reads.length === 0 ? null : <h3>Values that flow in</h3>}
      <ul class="rows">
        {reads.map((edge) => (
          <li key={edge.from}>
            {edge.from === 'schema' ? (
              <strong>The instance's spec</strong>
            ) : (
              <button type="button" class="link" onClick={() => props.onNode(edge.from)}>
                {edge.from}
              </button>
            )}
            {edge.reads.flatMap((read) =>
              read.paths.map((path, index) => {
                const value = read.values[index];
                return (
                  <p key={`${read.place} ${path}`} class="flow">
                    <code>{path === '' ? 'object' : path}</code>
                    {value === undefined ? null : <Value value={value} />}
                    <span class="soft">→ {read.place}</span>
                  </p>
                );
              }),
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function ValuesPanel(props: {
  readonly instance: string;
  readonly node: string;
  /** For a collection, the object whose values are shown. */
  readonly object: ObjectRef | undefined;
}): JSX.Element {
  const { instance, node, object } = props;
  const read = useRemote<NodeDetail>(inspectPaths.node(instance, node, object), ofInstance(instance));
  const { value } = read;
  return (
    <>
      <ReadNotice read={read} what="the values" />
      {value?.expressions.length === 0 ? <Empty title="The node has no expressions." /> : null}
      <ExpressionList expressions={value?.expressions ?? []} />
    </>
  );
}
