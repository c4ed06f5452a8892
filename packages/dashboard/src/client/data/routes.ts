import { percentDecoded } from '@typekro/kit/core';
import { INSTANCE_SORTS, INSTANCE_STATES_BY_URGENCY } from '@typekro/controller/inspect';

/** The options of a list of instances. */
export interface ListOptions {
  readonly filter?: string;
  readonly namespace?: string;
  readonly state?: string;
  /** The number of a revision. Only in the list of one definition. */
  readonly revision?: string;
  readonly sort?: string;
}

/**
 * A view of the dashboard with its options. The address contains the view and its options after `#`, so that a link
 * opens the same view.
 */
export type Route =
  | ({ readonly view: 'instances' } & ListOptions)
  | {
      readonly view: 'instance';
      readonly ref: string;
      readonly node?: string;
      /** The `instanceRef` of an object of the node. Absent: the first object that needs attention. */
      readonly object?: string;
      readonly tab?: string;
      readonly why?: true;
    }
  | { readonly view: 'definitions' }
  | ({
      readonly view: 'definition';
      readonly name: string;
      readonly tab?: string;
      readonly node?: string;
    } & ListOptions)
  | { readonly view: 'plan' }
  | { readonly view: 'playground'; readonly state?: string };

export const HOME: Route = { view: 'instances' };

/** The tabs of a node of an instance, and those of a definition. */
export const NODE_TABS = ['state', 'object', 'values', 'events', 'logs'] as const;
export const DEFINITION_TABS = ['graph', 'form', 'schema', 'versions', 'source', 'revisions', 'instances'] as const;
const SORTS = INSTANCE_SORTS.flatMap((sort) => [sort, `-${sort}`]);

/** The route of an address, and sentences about the parts of the address that the page does not know. */
export interface ReadRoute {
  readonly route: Route;
  readonly problems: readonly string[];
}

/**
 * Reads the part of an address after `#`. The address of an unknown view yields `HOME`. An unknown option, or an option
 * with an unknown value, is left out.
 */
export function readRoute(hash: string): ReadRoute {
  const text = hash.replace(/^#/, '');
  const mark = text.indexOf('?');
  const path = mark < 0 ? text : text.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : text.slice(mark + 1));
  const [, view = '', ...rest] = path.split('/');
  const subject = rest.map(percentDecoded).join('/').replace(/\/$/, '');
  const problems: string[] = [];
  const option = <Name extends string>(name: Name, known?: readonly string[]): { [Key in Name]?: string } => {
    const value = query.get(name)?.trim() ?? '';
    query.delete(name);
    if (value === '') return {};
    if (known?.includes(value) === false) {
      problems.push(`The option ${name} has no value “${value}”. Use one of ${known.join(', ')}.`);
      return {};
    }
    return { [name]: value } as { [Key in Name]?: string };
  };
  const revision = (): Pick<ListOptions, 'revision'> => {
    const found = option('revision');
    if (found.revision === undefined || /^\d{1,9}$/.test(found.revision)) return found;
    problems.push(`The option revision must be a whole number, not “${found.revision}”.`);
    return {};
  };
  const listOptions = (): ListOptions => ({
    ...option('filter'),
    ...option('namespace'),
    ...option('state', INSTANCE_STATES_BY_URGENCY),
    ...option('sort', SORTS),
  });
  const unknownPlace = (): Route => {
    if (path !== '' && path !== '/') problems.push(`The dashboard has no page “#${path}”.`);
    return HOME;
  };
  const routeOf = (): Route => {
    switch (view) {
      case 'instances':
        if (subject === '') return { view, ...listOptions() };
        return {
          view: 'instance',
          ref: subject,
          ...option('node'),
          ...option('object'),
          ...option('tab', NODE_TABS),
          ...(option('why', ['1', 'true']).why === undefined ? {} : { why: true }),
        };
      case 'definitions':
        if (subject === '') return { view };
        return {
          view: 'definition',
          name: subject,
          ...option('tab', DEFINITION_TABS),
          ...option('node'),
          ...listOptions(),
          ...revision(),
        };
      case 'plan':
        return subject === '' ? { view } : unknownPlace();
      case 'playground':
        return subject === '' ? { view, ...option('state') } : unknownPlace();
      default:
        return unknownPlace();
    }
  };
  const route = routeOf();
  if (route !== HOME) for (const name of new Set(query.keys())) problems.push(`This page has no option “${name}”.`);
  return { route, problems };
}

/** The route of the part of an address after `#`. */
export const parseRoute = (hash: string): Route => readRoute(hash).route;

/** The part of the address for a route, with its `#`. */
export function formatRoute(route: Route): string {
  switch (route.view) {
    case 'instances':
      return `#/instances${query(listQuery(route))}`;
    case 'instance': {
      const path = route.ref.split('/').map(encodeURIComponent).join('/');
      const why = route.why === true ? '1' : undefined;
      return `#/instances/${path}${query({ node: route.node, object: route.object, tab: route.tab, why })}`;
    }
    case 'definition':
      return `#/definitions/${encodeURIComponent(route.name)}${query({ tab: route.tab, node: route.node, ...listQuery(route) })}`;
    case 'playground':
      return `#/playground${query({ state: route.state })}`;
    case 'definitions':
    case 'plan':
      return `#/${route.view}`;
  }
}

const listQuery = ({ filter, namespace, state, revision, sort }: ListOptions) => ({
  filter,
  namespace,
  state,
  revision,
  sort,
});

/**
 * The token of an address that a command printed (`#token=…`). The address of a view that has an option `token` does
 * not count.
 */
export function tokenOfHash(hash: string): string | undefined {
  return hash.startsWith('#token=') ? (new URLSearchParams(hash.slice(1)).get('token') ?? undefined) : undefined;
}

function query(options: Readonly<Record<string, string | undefined>>): string {
  const entries = Object.entries(options).filter((entry): entry is [string, string] => (entry[1] ?? '') !== '');
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries).toString()}`;
}
