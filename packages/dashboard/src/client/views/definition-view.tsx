import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import { parseApiVersion, listed } from '@typekro/kit/core';
import type { DefinitionDetail, DefinitionRow, InspectEvent, RolloutState } from '@typekro/controller/inspect';
import { inspectPaths } from '@typekro/controller/inspect';
import type { Route } from '../data/routes.ts';
import { navigate } from '../data/session.ts';
import { isOfKind, ofDefinitions } from '../data/concerns.ts';
import { useRemote } from '../data/use-remote.ts';
import { GraphView } from '../graph/graph-view.tsx';
import { pictureOfDefinition, plural } from '../graph/picture.ts';
import { useOpened } from '../graph/use-picture.ts';
import { CopyCommand, Dot, Empty, Link, NoNode, Notices, ReadNotice, StateBadge } from '../shared/parts.tsx';
import { type Tab, Tabs } from '../shared/tabs.tsx';
import { getCommand, listCommand } from '../text/kubectl.ts';
import { InstanceList } from './instances-view.tsx';
import { OutlinePanel } from './outline-panel.tsx';
import { LazyForm, LazyRevisions, LazySchemas, LazyVersions } from './lazy-views.tsx';
import { SourcePanel } from './source-panel.tsx';

type DefinitionRoute = Extract<Route, { view: 'definition' }>;

/** The page of one definition. */
export function DefinitionView({ route }: { readonly route: DefinitionRoute }): JSX.Element {
  const { name } = route;
  const kind = useRef<DefinitionRow | undefined>(undefined);
  const concerns = (change: InspectEvent): boolean => ofDefinitions(change) && isOfKind(change, kind.current);
  const read = useRemote<DefinitionDetail>(inspectPaths.definition(name), concerns);
  const { value: detail, error } = read;
  kind.current = detail?.definition;
  if (detail === undefined) {
    return (
      <div class="view">
        <h1 class="visually-hidden">{name}</h1>
        <ReadNotice read={read} what="the definition" />
      </div>
    );
  }
  const errors = detail.diagnostics.filter(({ severity }) => severity === 'error').length;
  const tabs: readonly Tab[] = [
    { id: 'graph', label: 'Graph', panel: () => <GraphPanel detail={detail} route={route} /> },
    { id: 'form', label: 'New instance', panel: () => <LazyForm detail={detail} /> },
    { id: 'schema', label: 'Schema', panel: () => <LazySchemas detail={detail} /> },
    ...(detail.versions === undefined
      ? []
      : [
          {
            id: 'versions',
            label: 'Versions',
            note: `${detail.versions.rows.length}`,
            panel: () => <LazyVersions detail={detail} />,
          },
        ]),
    {
      id: 'source',
      label: 'Source',
      ...(detail.diagnostics.length === 0 ? {} : { note: `${detail.diagnostics.length}` }),
      panel: () => <SourcePanel detail={detail} />,
    },
    {
      id: 'revisions',
      label: 'Revisions',
      note: `${detail.revisions.length}`,
      panel: () => <LazyRevisions detail={detail} />,
    },
    {
      id: 'instances',
      label: 'Instances',
      note: detail.definition.instances.toLocaleString('en'),
      panel: () => <DefinitionInstances definition={detail.definition} route={route} />,
    },
  ];
  return (
    <div class="view definition-view">
      <DefinitionHead detail={detail} />
      {error?.status === 404 ? (
        <p class="notice">This definition no longer exists. The page shows its last state.</p>
      ) : (
        <ReadNotice read={read} what="the definition" />
      )}
      {detail.rollout === undefined ? null : <RolloutNotice rollout={detail.rollout} />}
      {errors === 0 ? null : (
        <p class="notice bad">
          The definition has {errors === 1 ? 'a problem' : `${errors} problems`}:{' '}
          <Link to={{ view: 'definition', name, tab: 'source' }}>see the source</Link>
        </p>
      )}
      <Notices texts={detail.notes} />
      <Tabs
        label="Parts of the definition"
        tabs={tabs}
        selected={route.tab}
        onSelect={(tab) => navigate({ ...route, tab }, { replace: true })}
      />
    </div>
  );
}

function DefinitionHead({ detail }: { readonly detail: DefinitionDetail }): JSX.Element {
  const { definition, graph } = detail;
  const own = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: definition.name };
  return (
    <header class="head">
      <div class="head-title">
        <p class="crumbs">
          <Link to={{ view: 'definitions' }}>Definitions</Link>
        </p>
        <h1>
          {definition.kind} <StateBadge state={definition.state} />
        </h1>
        <p class="soft">
          <span>{definition.name}</span>
          <Dot />
          <span>{definition.apiVersion}</span>
          {definition.revision === undefined ? null : (
            <>
              <Dot />
              <span>revision {definition.revision}</span>
            </>
          )}
        </p>
      </div>
      <div class="head-actions">
        <CopyCommand command={getCommand(own)} label="Definition" />
        {graph === undefined ? null : (
          <CopyCommand command={listCommand(graph.plural, parseApiVersion(graph.apiVersion).group)} label="Instances" />
        )}
      </div>
    </header>
  );
}

function GraphPanel({
  detail,
  route,
}: {
  readonly detail: DefinitionDetail;
  readonly route: DefinitionRoute;
}): JSX.Element {
  const [opened, toggle] = useOpened();
  const picture = useMemo(() => pictureOfDefinition(detail, opened), [detail, opened]);
  const select = (node: string | undefined): void =>
    navigate(
      { view: 'definition', name: route.name, tab: 'graph', ...(node === undefined ? {} : { node }) },
      { replace: true },
    );
  if (detail.graph === undefined) return <Empty title="The definition has no graph until its problems are solved." />;
  const node = detail.graph.nodes.find(({ id }) => id === route.node);
  return (
    <>
      {node === undefined ? <NoNode id={route.node} /> : null}
      <div class="workbench" data-panel={node !== undefined}>
        <GraphView
          picture={picture}
          name={detail.definition.kind}
          selected={route.node}
          bright={undefined}
          onSelect={select}
          onToggle={toggle}
        />
        {node === undefined ? null : (
          <OutlinePanel node={node} edges={detail.edges} onClose={() => select(undefined)} onSelect={select} />
        )}
      </div>
    </>
  );
}

function DefinitionInstances({
  definition,
  route,
}: {
  readonly definition: DefinitionRow;
  readonly route: DefinitionRoute;
}): JSX.Element {
  return (
    <div class="list-view">
      <InstanceList
        options={route}
        definition={definition}
        onChange={(options) => navigate({ ...route, tab: 'instances', ...options }, { replace: true })}
      />
    </div>
  );
}

/** Shows the state of a canary rollout. */
export function RolloutNotice({ rollout }: { readonly rollout: RolloutState }): JSX.Element {
  return (
    <div class={`notice${rollout.phase === 'held' ? ' bad' : ''}`}>
      <p>
        <strong>
          Revision {rollout.revision} {rollout.phase === 'held' ? 'is held' : 'is tried first'} on{' '}
          {rollout.first.length} of {plural(rollout.of, 'instance')}
        </strong>{' '}
        ({listed(rollout.first, 5)}). {rollout.message}
      </p>
    </div>
  );
}
