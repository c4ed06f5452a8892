import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { InstanceDetail, WhyPath } from '../../../inspect/index.ts';
import { inspectPaths, parseInstanceRef } from '../../../inspect/index.ts';
import type { Route } from '../data/routes.ts';
import { navigate } from '../data/session.ts';
import { REPEAT_MS } from '../data/remote.ts';
import { ofInstance, ofReports, useRemote } from '../data/use-remote.ts';
import { GraphView } from '../graph/graph-view.tsx';
import type { PictureOptions } from '../graph/picture.ts';
import { pictureOfInstance } from '../graph/picture.ts';
import { useNarrow } from '../graph/use-narrow.ts';
import { useOpened } from '../graph/use-opened.ts';
import { NodeList } from '../lists/node-list.tsx';
import { copyText, Empty, Link, Loading, Problem } from '../shared/parts.tsx';
import { useShortcuts } from '../shared/shortcuts.ts';
import { Segments } from '../shared/tabs.tsx';
import { whyCommand } from '../text/kubectl.ts';
import { brightBoxes } from './bright-boxes.ts';
import { InstanceHead } from './instance-head.tsx';
import { NodePanel } from './node-panel.tsx';
import { WhyPanel } from './why-panel.tsx';

type InstanceRoute = Extract<Route, { view: 'instance' }>;

/** One instance: its graph with live states, beside it the list of its nodes and the selected one. */
export function InstanceView({ route }: { readonly route: InstanceRoute }): JSX.Element {
  const { ref } = route;
  const read = useRemote<InstanceDetail>(inspectPaths.instance(ref), ofInstance(ref), { repeatMs: REPEAT_MS });
  const { value: detail, error, refresh } = read;
  const isGone = error?.status === 404;
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
        ) : error === undefined || error.status === 0 ? (
          <Loading what="the instance" />
        ) : (
          <Problem error={error} what="The instance" />
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
            <strong>This instance no longer exists.</strong> The page shows its last state.{' '}
            <Link to={{ view: 'instances' }}>All instances</Link>
          </p>
        </div>
      ) : null}
      {detail.notes.map((note) => (
        <p key={note} class="notice">
          {note}
        </p>
      ))}
      <Workbench detail={detail} route={route} />
    </div>
  );
}

function Workbench({ detail, route }: { readonly detail: InstanceDetail; readonly route: InstanceRoute }): JSX.Element {
  const { ref } = route;
  const isNarrow = useNarrow();
  const [mode, setMode] = useState<PictureOptions['mode']>('instance');
  const [shown, setShown] = useState<'graph' | 'list'>('graph');
  const [opened, toggle] = useOpened();
  const picture = useMemo(() => pictureOfInstance(detail, { mode, opened }), [detail, mode, opened]);
  const isWhy = route.why === true;

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
  useShortcuts('Instance', [
    {
      keys: 'w',
      description: 'Show only the path to what everything waits for',
      run: () => go({ node: route.node, why: !isWhy }),
    },
    {
      keys: 't',
      description: "Change between the template's graph and the instance's graph",
      run: () => setMode(mode === 'template' ? 'instance' : 'template'),
    },
    {
      keys: 'c',
      description: 'Copy a command for the instance',
      run: () => void copyText(whyCommand(detail.instance)),
    },
  ]);

  const node = detail.nodes.find(({ id }) => id === route.node);
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
        <button type="button" class="button" aria-pressed={isWhy} onClick={() => go({ node: route.node, why: !isWhy })}>
          Why path <kbd>w</kbd>
        </button>
      </div>
      <div class="workbench has-list" data-panel={node !== undefined || isWhy} data-shown={isNarrow ? shown : 'both'}>
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
        {node === undefined ? null : (
          <NodePanel
            key={node.id}
            instance={ref}
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
