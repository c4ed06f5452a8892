import type { JSX, RefObject } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { InstanceCounts, InstanceQuery, InstanceRow, InstanceSort } from '../../../inspect/index.ts';
import { INSTANCE_SORTS } from '../../../inspect/index.ts';
import type { Route } from '../data/routes.ts';
import { navigate } from '../data/session.ts';
import { toneOf, stateWord } from '../graph/states.ts';
import { InstancePages } from '../lists/instance-pages.ts';
import { InstanceTable } from '../lists/instance-table.tsx';
import { Icon, StateIcon } from '../shared/icons.tsx';
import { Empty, Loading, Problem } from '../shared/parts.tsx';
import { useShortcuts } from '../shared/shortcuts.ts';

type InstancesRoute = Extract<Route, { view: 'instances' }>;

/** The pause after the last key of a filter before the request to the server, in milliseconds. */
const FILTER_PAUSE_MS = 120;

/** The list of all instances. */
export function InstancesView({ route }: { readonly route: InstancesRoute }): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  useShortcuts('Instances', [{ keys: '/', description: 'Filter the instances', run: () => field.current?.focus() }]);
  return (
    <div class="view list-view">
      <h1 class="visually-hidden">Instances</h1>
      <InstanceList route={route} field={field} onRoute={(next) => navigate(next, { replace: true })} />
    </div>
  );
}

/** The filter and the table, for the view of all instances and for those of one definition. */
export function InstanceList(props: {
  readonly route: InstancesRoute;
  readonly definition?: string;
  readonly field: RefObject<HTMLInputElement | null>;
  readonly onRoute: (route: InstancesRoute) => void;
}): JSX.Element {
  const { route, definition } = props;
  const { sort, order } = sortOf(route.sort);
  const query: InstanceQuery = {
    ...(definition === undefined ? {} : { definition }),
    ...(route.filter === undefined ? {} : { search: route.filter }),
    ...(route.state === undefined ? {} : { state: route.state as InstanceRow['state'] }),
    sort,
    order,
  };
  const pages = useStablePages(query);
  const change = (next: Partial<InstancesRoute>): void => {
    props.onRoute({ ...route, ...next });
  };
  const { facts } = pages;
  const isFiltered = route.filter !== undefined || route.state !== undefined;
  return (
    <>
      <div class="toolbar">
        <FilterField field={props.field} value={route.filter ?? ''} onChange={(filter) => change({ filter })} />
        <StateFilter
          counts={facts?.counts}
          selected={route.state}
          onSelect={(state) => change({ state: state ?? '' })}
        />
      </div>
      {pages.error !== undefined && pages.error.status !== 0 ? <Problem error={pages.error} what="The list" /> : null}
      {facts === undefined ? (
        <Loading what="the instances" />
      ) : facts.total === 0 ? (
        isFiltered ? (
          <Empty title="No instance fits the filter.">
            <button type="button" class="button" onClick={() => change({ filter: '', state: '' })}>
              Show all instances
            </button>
          </Empty>
        ) : (
          <Empty title="There is no instance yet.">
            <p>Open a definition, fill in its form, and apply the YAML.</p>
          </Empty>
        )
      ) : (
        <InstanceTable
          pages={pages}
          total={facts.total}
          sort={sort}
          order={order}
          onSort={(next) => change({ sort: sortText(next, next === sort && order === 'asc' ? 'desc' : 'asc') })}
          onOpen={(ref) => navigate({ view: 'instance', ref })}
        />
      )}
    </>
  );
}

/** The pages of a query. The pages of the query before stay until the new ones have arrived. */
function useStablePages(query: InstanceQuery): InstancePages {
  const key = JSON.stringify(query);
  const pages = useMemo(() => new InstancePages(query), [key]);
  const open = useRef(new Set<InstancePages>());
  open.current.add(pages);
  const shown = useRef(pages);
  const isReady = pages.facts !== undefined || pages.error !== undefined;
  if (isReady) shown.current = pages;
  useEffect(() => {
    for (const other of open.current) {
      if (other === pages || other === shown.current) continue;
      other.close();
      open.current.delete(other);
    }
  }, [pages, isReady]);
  useEffect(() => () => open.current.forEach((other) => other.close()), []);
  return shown.current;
}

function FilterField(props: {
  readonly field: RefObject<HTMLInputElement | null>;
  readonly value: string;
  readonly onChange: (value: string) => void;
}): JSX.Element {
  const [text, setText] = useState(props.value);
  const latest = useRef(props.onChange);
  latest.current = props.onChange;
  useEffect(() => setText(props.value), [props.value]);
  useEffect(() => {
    if (text === props.value) return;
    const timer = setTimeout(() => latest.current(text), FILTER_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label class="search">
      <Icon name="search" />
      <span class="visually-hidden">Filter by name, namespace or reason</span>
      <input
        ref={props.field}
        type="search"
        placeholder="Filter by name or reason"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      <kbd>/</kbd>
    </label>
  );
}

const STATES: readonly (keyof InstanceCounts)[] = ['ERROR', 'IN_PROGRESS', 'DELETING', 'ACTIVE', 'NONE'];

function StateFilter(props: {
  readonly counts: InstanceCounts | undefined;
  readonly selected: string | undefined;
  readonly onSelect: (state: string | undefined) => void;
}): JSX.Element {
  const { counts, selected } = props;
  const present = STATES.filter((state) => state === selected || (counts?.[state] ?? 0) > 0);
  const all = STATES.reduce((sum, state) => sum + (counts?.[state] ?? 0), 0);
  return (
    <div class="chips" role="group" aria-label="State">
      <button
        type="button"
        class="chip"
        aria-pressed={selected === undefined}
        onClick={() => props.onSelect(undefined)}
      >
        All <span class="count">{all.toLocaleString('en')}</span>
      </button>
      {present.map((state) => (
        <button
          key={state}
          type="button"
          class="chip"
          aria-pressed={state === selected}
          onClick={() => props.onSelect(state === selected ? undefined : state)}
        >
          <StateIcon tone={toneOf(state)} />
          {stateWord(state)} <span class="count">{(counts?.[state] ?? 0).toLocaleString('en')}</span>
        </button>
      ))}
    </div>
  );
}

/** The order of a list in an address: `age`, and `-age` for the opposite. */
export function sortOf(text: string | undefined): { readonly sort: InstanceSort; readonly order: 'asc' | 'desc' } {
  const name = text?.replace(/^-/, '');
  const sort = INSTANCE_SORTS.find((known) => known === name) ?? 'name';
  return { sort, order: text?.startsWith('-') === true ? 'desc' : 'asc' };
}

function sortText(sort: InstanceSort, order: 'asc' | 'desc'): string {
  return `${order === 'desc' ? '-' : ''}${sort}`;
}
