import type { JSX, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import {
  type DefinitionList,
  type DefinitionRow,
  type InstanceCounts,
  type InstanceQuery,
  type InstanceRow,
  type InstanceSort,
  INSTANCE_SORTS,
  INSTANCE_STATES_BY_URGENCY,
  inspectPaths,
} from '@typekro/controller/inspect';
import { ApiError } from '../data/api-client.ts';
import type { ListOptions, Route } from '../data/routes.ts';
import { currentApi, meta, navigate } from '../data/session.ts';
import { stateWord, toneOf } from '../graph/states.ts';
import { InstancePages } from '../lists/instance-pages.ts';
import { InstanceTable } from '../lists/instance-table.tsx';
import { Icon, StateIcon } from '../shared/icons.tsx';
import { Empty, Notices, ReadNotice, announce, copyCommand } from '../shared/parts.tsx';
import { useShortcuts } from '../shared/shortcuts.ts';
import { DEFINITIONS_COMMAND, listKindsCommand } from '../text/kubectl.ts';

type InstancesRoute = Extract<Route, { view: 'instances' }>;

/** The pause after the last key of a filter before the request to the server, in milliseconds. */
const FILTER_PAUSE_MS = 120;

/** The list of all instances. */
export function InstancesView({ route }: { readonly route: InstancesRoute }): JSX.Element {
  return (
    <div class="view list-view">
      <h1 class="visually-hidden">Instances</h1>
      <InstanceList options={route} onChange={(next) => navigate({ ...route, ...next }, { replace: true })} />
    </div>
  );
}

/** Copies a command that lists the instances of all definitions. */
async function copyList(): Promise<void> {
  try {
    const { items } = await currentApi().get<DefinitionList>(inspectPaths.definitions());
    await copyCommand(items.length === 0 ? DEFINITIONS_COMMAND : listKindsCommand(items));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    announce(error.message);
  }
}

/** The filter and the table, for the view of all instances and for the view of one definition. */
export function InstanceList(props: {
  readonly options: ListOptions;
  /** Shows only the instances of this definition. */
  readonly definition?: Pick<DefinitionRow, 'name' | 'apiVersion' | 'kind'>;
  /** Called with the changed options. An empty string removes an option. */
  readonly onChange: (options: ListOptions) => void;
}): JSX.Element {
  const { options: route, definition, onChange: change } = props;
  const field = useRef<HTMLInputElement>(null);
  const ofAll = definition === undefined;
  useShortcuts('Instances', 'view', [
    { keys: '/', description: 'Filter the instances', run: () => field.current?.focus() },
    ...(ofAll
      ? [{ keys: 'c', description: 'Copy a command that lists the instances', run: () => void copyList() }]
      : []),
  ]);
  const { sort, order } = sortOf(route.sort);
  const query: InstanceQuery = {
    ...(definition === undefined ? {} : { definition: definition.name }),
    ...(!route.filter ? {} : { search: route.filter }),
    ...(!route.namespace ? {} : { namespace: route.namespace }),
    ...(!route.state ? {} : { state: route.state as InstanceRow['state'] }),
    ...(route.revision ? { revision: Number(route.revision) } : {}),
    sort,
    order,
  };
  const pages = useStablePages(query, definition);
  const { facts } = pages;
  const isFiltered = [route.filter, route.namespace, route.state, route.revision].some(Boolean);
  return (
    <>
      <div class="toolbar">
        <FilterField field={field} value={route.filter ?? ''} onChange={(filter) => change({ filter })} />
        <NamespaceField
          value={route.namespace}
          isShown={route.namespace !== undefined || (facts?.limits.length ?? 0) > 0}
          onChange={(namespace) => change({ namespace })}
        />
        {route.revision ? (
          <button type="button" class="chip" aria-pressed onClick={() => change({ revision: '' })}>
            Revision {route.revision} <span aria-hidden="true">×</span>
          </button>
        ) : null}
        <StateFilter
          counts={facts?.counts}
          selected={route.state || undefined}
          onSelect={(state) => change({ state: state ?? '' })}
        />
        {ofAll ? (
          <button
            type="button"
            class="button quiet"
            title="Copy a command that lists the instances (c)"
            onClick={() => void copyList()}
          >
            <Icon name="copy" />
            <span>kubectl</span>
          </button>
        ) : null}
      </div>
      <ReadNotice read={pages.read} what="the instances" />
      <Notices texts={facts?.limits ?? []} />
      {facts === undefined ? null : facts.total === 0 ? (
        isFiltered ? (
          <Empty title="No instance matches the filter.">
            <button
              type="button"
              class="button"
              onClick={() => change({ filter: '', namespace: '', state: '', revision: '' })}
            >
              Show all instances
            </button>
          </Empty>
        ) : facts.limits.length > 0 || (meta.value?.limits.length ?? 0) > 0 ? (
          <Empty title="No instance can be shown." />
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
          memory={JSON.stringify(query)}
          onOpen={(ref) => navigate({ view: 'instance', ref })}
        />
      )}
    </>
  );
}

/** The pages of a query. The pages of the previous query stay until the new pages have arrived. */
function useStablePages(
  query: InstanceQuery,
  kind: Pick<DefinitionRow, 'apiVersion' | 'kind'> | undefined,
): InstancePages {
  const key = JSON.stringify(query);
  const pages = useMemo(() => new InstancePages(query, kind), [key]);
  const open = useRef(new Set<InstancePages>());
  open.current.add(pages);
  const shown = useRef(pages);
  const isReady = pages.facts !== undefined || pages.read.error !== undefined;
  if (isReady) shown.current = pages;
  // A layout effect, because the list can be unmounted before its passive effects run.
  useLayoutEffect(() => {
    for (const other of open.current) {
      if (other === pages || other === shown.current) continue;
      other.close();
      open.current.delete(other);
    }
  }, [pages, isReady]);
  useLayoutEffect(() => () => open.current.forEach((other) => other.close()), []);
  return shown.current;
}

function FilterField(props: {
  readonly field: RefObject<HTMLInputElement | null>;
  readonly value: string;
  readonly onChange: (value: string) => void;
}): JSX.Element {
  const { text, setText, passOn } = useFieldText(props.value);
  const latest = useRef(props.onChange);
  latest.current = props.onChange;
  useEffect(() => {
    const value = text.trim();
    if (value === props.value) return;
    const timer = setTimeout(() => {
      passOn(value);
      latest.current(value);
    }, FILTER_PAUSE_MS);
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

/**
 * The field for the namespace of the shown instances, for users without the right to read all namespaces at once. The
 * list changes when the user presses Enter, and when the focus leaves the field.
 */
export function NamespaceField(props: {
  readonly value: string | undefined;
  readonly isShown: boolean;
  readonly onChange: (namespace: string) => void;
}): JSX.Element | null {
  const { text, setText, passOn } = useFieldText(props.value ?? '');
  if (!props.isShown) return null;
  return (
    <label class="object-choice">
      <span>Namespace</span>
      <input
        type="search"
        value={text}
        placeholder="All"
        onInput={(event) => setText(event.currentTarget.value)}
        onChange={(event) => {
          const value = event.currentTarget.value.trim();
          passOn(value);
          props.onChange(value);
        }}
      />
    </label>
  );
}

function StateFilter(props: {
  readonly counts: InstanceCounts | undefined;
  readonly selected: string | undefined;
  readonly onSelect: (state: string | undefined) => void;
}): JSX.Element {
  const { counts, selected } = props;
  const present = INSTANCE_STATES_BY_URGENCY.filter((state) => state === selected || (counts?.[state] ?? 0) > 0);
  const all = INSTANCE_STATES_BY_URGENCY.reduce((sum, state) => sum + (counts?.[state] ?? 0), 0);
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
          <span class="chip-word">{stateWord(state)}</span>{' '}
          <span class="count">{(counts?.[state] ?? 0).toLocaleString('en')}</span>
        </button>
      ))}
    </div>
  );
}

/**
 * The order that a page address sets for the list: `age`, or `-age` for the reverse order. By default, the instances
 * that need attention come first.
 */
export function sortOf(text: string | undefined): { readonly sort: InstanceSort; readonly order: 'asc' | 'desc' } {
  const name = text?.replace(/^-/, '');
  const sort = INSTANCE_SORTS.find((known) => known === name) ?? 'state';
  return { sort, order: text?.startsWith('-') === true ? 'desc' : 'asc' };
}

function sortText(sort: InstanceSort, order: 'asc' | 'desc'): string {
  return `${order === 'desc' ? '-' : ''}${sort}`;
}

/** The text of a field, and the functions that change it. */
interface FieldText {
  readonly text: string;
  readonly setText: (text: string) => void;
  /**
   * Records the value that the field passes to the page, such as its trimmed text. This value does not replace the text
   * when the page stores it.
   */
  readonly passOn: (value: string) => void;
}

/**
 * The text of a field whose value is kept elsewhere. The user's text stays, even if it differs from the kept value,
 * until another part of the page changes that value.
 */
function useFieldText(value: string): FieldText {
  const [text, setText] = useState(value);
  const own = useRef(value);
  useEffect(() => {
    if (value === own.current) return;
    own.current = value;
    setText(value);
  }, [value]);
  return { text, setText, passOn: (passed) => (own.current = passed) };
}
