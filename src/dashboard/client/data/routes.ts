/** A view of the dashboard with its options. The address holds them after `#`, so that a link opens the same view. */
export type Route =
  | { readonly view: 'instances'; readonly filter?: string; readonly state?: string; readonly sort?: string }
  | {
      readonly view: 'instance';
      readonly ref: string;
      readonly node?: string;
      /** The `instanceRef` of an object of the node. Absent: the first object. */
      readonly object?: string;
      readonly tab?: string;
      readonly why?: true;
    }
  | { readonly view: 'definitions' }
  | { readonly view: 'definition'; readonly name: string; readonly tab?: string; readonly node?: string }
  | { readonly view: 'plan' }
  | { readonly view: 'playground'; readonly state?: string };

export const HOME: Route = { view: 'instances' };

/** Parses the part of an address after `#`. Returns `HOME` for an unknown route. */
export function parseRoute(hash: string): Route {
  const text = hash.replace(/^#/, '');
  const mark = text.indexOf('?');
  const path = mark < 0 ? text : text.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : text.slice(mark + 1));
  const [, view = '', ...rest] = path.split('/');
  const subject = rest.map(decoded).join('/');
  const option = <Name extends string>(name: Name): { [Key in Name]?: string } => {
    const value = query.get(name);
    return (value === null || value === '' ? {} : { [name]: value }) as { [Key in Name]?: string };
  };
  switch (view) {
    case 'instances':
      if (subject === '') return { view: 'instances', ...option('filter'), ...option('state'), ...option('sort') };
      return {
        view: 'instance',
        ref: subject,
        ...option('node'),
        ...option('object'),
        ...option('tab'),
        ...(query.has('why') ? { why: true } : {}),
      };
    case 'definitions':
      if (subject === '') return { view };
      return { view: 'definition', name: subject, ...option('tab'), ...option('node') };
    case 'plan':
      return { view };
    case 'playground':
      return { view, ...option('state') };
    default:
      return HOME;
  }
}

/** The part of the address for a route, with its `#`. */
export function formatRoute(route: Route): string {
  switch (route.view) {
    case 'instances':
      return `#/instances${query({ filter: route.filter, state: route.state, sort: route.sort })}`;
    case 'instance': {
      const path = route.ref.split('/').map(encodeURIComponent).join('/');
      const why = route.why === true ? '1' : undefined;
      return `#/instances/${path}${query({ node: route.node, object: route.object, tab: route.tab, why })}`;
    }
    case 'definition':
      return `#/definitions/${encodeURIComponent(route.name)}${query({ tab: route.tab, node: route.node })}`;
    case 'playground':
      return `#/playground${query({ state: route.state })}`;
    case 'definitions':
    case 'plan':
      return `#/${route.view}`;
  }
}

/** The token of an address that a command printed (`#token=…`). */
export function tokenOfHash(hash: string): string | undefined {
  return new URLSearchParams(hash.replace(/^#/, '')).get('token') ?? undefined;
}

function query(options: Readonly<Record<string, string | undefined>>): string {
  const entries = Object.entries(options).filter((entry): entry is [string, string] => (entry[1] ?? '') !== '');
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries).toString()}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part;
    throw error;
  }
}
