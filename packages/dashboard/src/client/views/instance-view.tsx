import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { objectName } from '@typekro/kit/core';
import type { InstanceDetail, WhyPath, WhyChain } from '@typekro/controller/inspect';
import { inspectPaths, parseInstanceRef } from '@typekro/controller/inspect';
import type { Route } from '../data/routes.ts';
import { navigate } from '../data/session.ts';
import { REPEAT_MS } from '../data/remote.ts';
import { ofInstance, ofReports } from '../data/concerns.ts';
import { useRemote } from '../data/use-remote.ts';
import { GraphView } from '../graph/graph-view.tsx';
import type { PictureOptions, Box } from '../graph/picture.ts';
import { useInstancePicture } from '../graph/use-picture.ts';
import { NodeList } from '../lists/node-list.tsx';
import { CopyCommand, copyCommand, Empty, Link, NoNode, Notices, ReadNotice, useNarrow } from '../shared/parts.tsx';
import { useShortcuts } from '../shared/shortcuts.ts';
import { Segments } from '../shared/tabs.tsx';
import { Panel } from '../shared/panel.tsx';
import { getCommand, instanceEventsCommand, whyCommand } from '../text/kubectl.ts';
import { EventsPanel } from './events-panel.tsx';
import { InstanceHead } from './instance-head.tsx';
import { LazyParts } from './lazy-views.tsx';
import { NodePanel } from './node-panel.tsx';
import { WhyPanel } from './why-panel.tsx';

/**
 * Windows of at least this width show a list, a graph and a panel side by side. The style sheet uses the same width.
 */
const WIDE = '(min-width: 1101px)';

/** A part of the instance that is shown next to the graph while no node is selected. */
type Side = 'events' | 'object';

type InstanceRoute = Extract<Route, { view: 'instance' }>;

/** One instance: its graph with live states, the list of its nodes, and the selected node. */
export function InstanceView({ route }: { readonly route: InstanceRoute }): JSX.Element {
  const { ref } = route;
  const read = useRemote<InstanceDetail>(inspectPaths.instance(ref), ofInstance(ref), { repeatMs: REPEAT_MS });
  const { value, error, refresh } = read;
  const isGone = error?.status === 404;
  const kept = useRef<InstanceDetail | undefined>(undefined);
  kept.current = keepBeforeDeletion(kept.current, value);
  const detail = isGone ? kept.current : value;
  if (detail === undefined) {
    const last = error?.problem.last;
    return (
      <div class="view">
        <h1 class="visually-hidden">{ref}</h1>
        {isGone ? (
          <Empty
            title={`${parseInstanceRef(ref)?.kind ?? 'The instance'} ${parseInstanceRef(ref)?.name ?? ref} does not exist.`}
          >
            {last === undefined ? null : <p>Its last state was {last.state}.</p>}
            <Link to={{ view: 'instances' }} class="button">
              All instances
            </Link>
          </Empty>
        ) : (
          <ReadNotice read={read} what="the instance" />
        )}
      </div>
    );
  }
  return (
    <div class="view instance-view">
      <InstanceHead detail={detail} isGone={isGone} onChanged={refresh} />
      {isGone ? (
        <div class="notice bad" role="alert">
          <p>
            <strong>This instance no longer exists.</strong> The page shows its state before the deletion.{' '}
            <Link to={{ view: 'instances' }}>All instances</Link>
          </p>
        </div>
      ) : (
        <ReadNotice read={read} what="the instance" />
      )}
      <Notices texts={detail.notes} />
      <Workbench detail={detail} route={route} />
    </div>
  );
}

function Workbench({ detail, route }: { readonly detail: InstanceDetail; readonly route: InstanceRoute }): JSX.Element {
  const { ref } = route;
  const isNarrow = useNarrow();
  const [mode, setMode] = useState<PictureOptions['mode']>('instance');
  const [shown, setShown] = useState<'graph' | 'list'>('graph');
  const [picture, toggle] = useInstancePicture(detail, mode);
  const isWhy = route.why === true;
  const [side, setSide] = useState<Side | undefined>(() => (matchMedia(WIDE).matches ? 'events' : undefined));
  const node = detail.nodes.find(({ id }) => id === route.node);
  const shownSide = node === undefined && !isWhy ? side : undefined;
  const go = (next: {
    readonly node?: string | undefined;
    readonly object?: string | undefined;
    readonly why?: boolean;
    readonly tab?: string | undefined;
  }): void => {
    const { node, object, why = isWhy, tab = route.tab } = next;
    navigate(
      {
        view: 'instance',
        ref,
        ...(node === undefined ? {} : { node }),
        ...(object === undefined ? {} : { object }),
        ...(tab === undefined ? {} : { tab }),
        ...(why ? { why: true } : {}),
      },
      { replace: true },
    );
  };
  /** Selects the node of a box. For the box of a group, opens or closes the group. */
  const selectBox = (id: string | undefined, object?: string): void => {
    const box = picture.boxes.find((other) => other.id === id);
    if (box?.kind === 'group') toggle(box.id);
    else go({ node: id, object });
  };
  /**
   * Shows the path to the root cause and its panel, or hides both if the panel is visible. A selected node would hide
   * the panel, so the selection ends.
   */
  const toggleWhy = (): void => go({ why: !isWhy || node !== undefined });
  /** Shows a part of the instance next to the graph, or closes that part. */
  const toggleSide = (next: Side): void => {
    setSide(shownSide === next ? undefined : next);
    if (node !== undefined || isWhy) go({ why: false });
  };
  useShortcuts('Instance', 'view', [
    { keys: 'w', description: 'Show only the path to the root cause', run: toggleWhy },
    {
      keys: 't',
      description: "Change between the template's graph and the instance's graph",
      run: () => setMode(mode === 'template' ? 'instance' : 'template'),
    },
    { keys: 'v', description: 'Show the events of the instance', run: () => toggleSide('events') },
    { keys: 's', description: 'Show the spec and the conditions of the instance', run: () => toggleSide('object') },
    {
      keys: 'c',
      description: 'Copy a command for the instance',
      run: () => void copyCommand(whyCommand(detail.instance)),
    },
  ]);

  const why = useRemote<WhyPath>(isWhy ? inspectPaths.why(ref) : undefined, ofReports(ref), { repeatMs: REPEAT_MS });
  const bright = why.value === undefined ? undefined : brightBoxes(picture.boxes, why.value.chains);
  return (
    <>
      <div class="toolbar">
        {isNarrow ? (
          <Segments
            label="View"
            options={[
              { id: 'graph', label: 'Graph' },
              { id: 'list', label: 'List' },
            ]}
            selected={shown}
            onSelect={(id) => setShown(id)}
          />
        ) : null}
        <Segments
          label="Graph of"
          options={[
            { id: 'template', label: 'Template' },
            { id: 'instance', label: 'Instance' },
          ]}
          selected={mode}
          onSelect={(id) => setMode(id)}
        />
        <button type="button" class="button" aria-pressed={isWhy} onClick={toggleWhy}>
          Why path <kbd>w</kbd>
        </button>
        <button type="button" class="button" aria-pressed={shownSide === 'events'} onClick={() => toggleSide('events')}>
          Events <kbd>v</kbd>
        </button>
        <button type="button" class="button" aria-pressed={shownSide === 'object'} onClick={() => toggleSide('object')}>
          Spec <kbd>s</kbd>
        </button>
      </div>
      {node === undefined ? <NoNode id={route.node} /> : null}
      <div
        class="workbench has-list"
        data-panel={node !== undefined || isWhy || shownSide !== undefined}
        data-shown={isNarrow ? shown : 'both'}
      >
        <NodeList nodes={detail.nodes} selected={route.node} onSelect={(id) => go({ node: id })} />
        <GraphView
          picture={picture}
          name={`${detail.instance.kind} ${detail.instance.name}`}
          selected={route.node}
          selectedObject={route.object}
          bright={bright}
          onSelect={selectBox}
          onToggle={toggle}
        />
        {isWhy && node === undefined ? (
          <WhyPanel
            read={why}
            nodes={detail.nodes}
            onNode={(id, object) => go({ node: id, object })}
            onClose={() => go({ why: false })}
          />
        ) : null}
        {shownSide === 'events' ? (
          <Panel
            title="Events"
            subtitle="About the instance and its objects, newest first"
            actions={<CopyCommand command={instanceEventsCommand(detail.instance)} label="events" />}
            isText
            onClose={() => setSide(undefined)}
          >
            <EventsPanel instance={ref} />
          </Panel>
        ) : null}
        {shownSide === 'object' ? (
          <Panel
            title="Spec and conditions"
            subtitle={objectName(detail.instance)}
            actions={<CopyCommand command={getCommand(detail.instance)} label="get" />}
            onClose={() => setSide(undefined)}
          >
            <LazyParts detail={detail} />
          </Panel>
        ) : null}
        {node === undefined ? null : (
          <NodePanel
            key={node.id}
            instance={ref}
            instanceObject={detail.instance}
            node={node}
            edges={detail.edges}
            object={route.object}
            tab={route.tab}
            onObject={(object) => go({ node: node.id, object })}
            onTab={(tab) => go({ node: node.id, object: route.object, tab })}
            onNode={(id) => go({ node: id })}
            onClose={() => go({ node: undefined })}
          />
        )}
      </div>
    </>
  );
}

/**
 * The boxes that are not dimmed: those on the paths from the waiting nodes to the causes. Undefined when nothing waits;
 * then no box is dimmed.
 */
export function brightBoxes(
  boxes: readonly Pick<Box, 'id' | 'members'>[],
  chains: readonly Pick<WhyChain, 'nodes'>[],
): ReadonlySet<string> | undefined {
  const nodes = new Set(chains.flatMap((chain) => chain.nodes));
  if (nodes.size === 0) return undefined;
  return new Set(boxes.filter(({ members }) => members.some((member) => nodes.has(member))).map(({ id }) => id));
}

/**
 * The state of an instance that the page shows after the instance is gone: the last state before the deletion was
 * requested, because the deletion empties the list of nodes. Without such a state, the page shows the first state that
 * was read.
 */
export function keepBeforeDeletion(
  kept: InstanceDetail | undefined,
  next: InstanceDetail | undefined,
): InstanceDetail | undefined {
  return next === undefined || (kept !== undefined && next.instance.deletedAt !== undefined) ? kept : next;
}
