import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import { parseApiVersion } from '../../../core/index.ts';
import type { DefinitionDetail } from '../../../inspect/index.ts';
import { inspectPaths } from '../../../inspect/index.ts';
import type { Route } from '../data/routes.ts';
import { navigate } from '../data/session.ts';
import { ofDefinitions, useRemote } from '../data/use-remote.ts';
import { SchemaForm } from '../form/schema-form.tsx';
import { GraphView } from '../graph/graph-view.tsx';
import { pictureOfDefinition } from '../graph/picture.ts';
import { useOpened } from '../graph/use-opened.ts';
import { CopyCommand, Empty, Link, Loading, Problem, StateBadge } from '../shared/parts.tsx';
import type { Tab } from '../shared/tabs.tsx';
import { Tabs } from '../shared/tabs.tsx';
import { getCommand, listCommand } from '../text/kubectl.ts';
import { InstanceList } from './instances-view.tsx';
import { OutlinePanel } from './outline-panel.tsx';
import { RevisionsPanel, RolloutNotice } from './revisions-panel.tsx';
import { SourcePanel } from './source-panel.tsx';

type DefinitionRoute = Extract<Route, { view: 'definition' }>;

/** One definition. */
export function DefinitionView({ route }: { readonly route: DefinitionRoute }): JSX.Element {
  const { name } = route;
  const { value: detail, error } = useRemote<DefinitionDetail>(inspectPaths.definition(name), ofDefinitions);
  if (detail === undefined) {
    return (
      <div class="view">
        <h1 class="visually-hidden">{name}</h1>
        {error === undefined || error.status === 0 ? (
          <Loading what="the definition" />
        ) : (
          <Problem error={error} what="The definition" />
        )}
      </div>
    );
  }
  const errors = detail.diagnostics.filter(({ severity }) => severity === 'error').length;
  const tabs: readonly Tab[] = [
    { id: 'graph', label: 'Graph', panel: () => <GraphPanel detail={detail} route={route} /> },
    { id: 'form', label: 'New instance', panel: () => <SchemaForm detail={detail} /> },
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
      panel: () => <RevisionsPanel detail={detail} />,
    },
    {
      id: 'instances',
      label: 'Instances',
      note: detail.definition.instances.toLocaleString('en'),
      panel: () => <DefinitionInstances name={name} />,
    },
  ];
  return (
    <div class="view definition-view">
      <DefinitionHead detail={detail} />
      {error?.status === 404 ? (
        <p class="notice">This definition no longer exists. The page shows its last state.</p>
      ) : null}
      {detail.rollout === undefined ? null : <RolloutNotice rollout={detail.rollout} />}
      {errors === 0 ? null : (
        <p class="notice bad">
          The definition has {errors === 1 ? 'a problem' : `${errors} problems`}:{' '}
          <Link to={{ view: 'definition', name, tab: 'source' }}>see the source</Link>
        </p>
      )}
      {detail.notes.map((note) => (
        <p key={note} class="notice">
          {note}
        </p>
      ))}
      <Tabs
        label="Parts of the definition"
        tabs={tabs}
        selected={route.tab}
        onSelect={(tab) => navigate({ view: 'definition', name, tab }, { replace: true })}
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
          <span class="dot" aria-hidden="true" />
          <span>{definition.apiVersion}</span>
          {definition.revision === undefined ? null : (
            <>
              <span class="dot" aria-hidden="true" />
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
  if (detail.graph === undefined) {
    return <Empty title="The definition has no graph until its problems are solved." />;
  }
  const node = detail.graph.nodes.find(({ id }) => id === route.node);
  return (
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
  );
}

function DefinitionInstances({ name }: { readonly name: string }): JSX.Element {
  const [route, setRoute] = useState<Extract<Route, { view: 'instances' }>>({ view: 'instances' });
  const field = useRef<HTMLInputElement>(null);
  return (
    <div class="list-view">
      <InstanceList route={withoutEmpty(route)} definition={name} field={field} onRoute={setRoute} />
    </div>
  );
}

function withoutEmpty(route: Extract<Route, { view: 'instances' }>): Extract<Route, { view: 'instances' }> {
  const { filter, state, sort } = route;
  return {
    view: 'instances',
    ...(filter ? { filter } : {}),
    ...(state ? { state } : {}),
    ...(sort ? { sort } : {}),
  };
}
