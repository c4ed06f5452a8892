import { ApiError } from './status.ts';

/** What form of answer a request asks for. */
export interface Output {
  readonly form: 'object' | 'table' | 'partial' | 'discovery';
  readonly yaml: boolean;
  /** The value of the answer's content type. */
  readonly contentType: string;
  /** Asked with indentation, by parameter `pretty`. */
  readonly pretty?: boolean;
  /** Version of `meta.k8s.io` that a Table or metadata is asked in. */
  readonly version?: string;
}

/** An object as JSON, the answer when nothing else was asked. */
export const jsonOutput: Output = { form: 'object', yaml: false, contentType: 'application/json' };

interface MediaRange {
  readonly type: string;
  readonly params: ReadonlyMap<string, string>;
}

const cache = new Map<string, readonly MediaRange[]>();

function parseAccept(header: string): readonly MediaRange[] {
  let ranges = cache.get(header);
  if (ranges === undefined) {
    ranges = header
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => {
        const [type = '', ...rest] = part.split(';').map((piece) => piece.trim());
        return { type: type.toLowerCase(), params: new Map(rest.map((pair) => splitPair(pair))) };
      });
    if (cache.size > 500) cache.clear();
    cache.set(header, ranges);
  }
  return ranges;
}

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  return equals < 0 ? [pair, ''] : [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
}

/** Which transformations an endpoint offers. */
export interface Offer {
  readonly table?: boolean;
  readonly partial?: boolean;
  readonly discovery?: boolean;
}

const ACCEPTABLE = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';

/** Picks the first acceptable form of an `Accept` header. Throws 406 when there is none. */
export function negotiate(header: string | undefined, offer: Offer): Output {
  if (header === undefined || header === '' || header === 'application/json') return jsonOutput;
  for (const range of parseAccept(header)) {
    const output = accept(range, offer);
    if (output !== undefined) return output;
  }
  const ranges = parseAccept(header);
  if (
    ranges.length === 0 ||
    ranges.some(({ type, params }) => type === 'application/vnd.kubernetes.protobuf' && !params.has('as'))
  ) {
    return jsonOutput;
  }
  if (ranges.some(({ params }) => params.has('as'))) {
    throw new ApiError({
      code: 406,
      reason: 'NotAcceptable',
      message: `only the following media types are accepted: ${ACCEPTABLE}`,
    });
  }
  throw new ApiError({
    code: 406,
    reason: 'NotAcceptable',
    message: `406: Not Acceptable\n\nAvailable representations: ${ACCEPTABLE}`,
    details: {},
  });
}

function accept({ type, params }: MediaRange, offer: Offer): Output | undefined {
  const yaml = type === 'application/yaml';
  if (!yaml && type !== 'application/json' && type !== '*/*' && type !== 'application/*') return undefined;
  const as = params.get('as');
  const contentType = yaml ? 'application/yaml' : 'application/json';
  if (as === undefined)
    return { form: 'object', yaml, contentType, ...(params.get('pretty') === '1' ? { pretty: true } : {}) };
  if (as === 'APIGroupDiscoveryList') {
    if (!offer.discovery || params.get('g') !== 'apidiscovery.k8s.io' || params.get('v') !== 'v2') return undefined;
    return {
      form: 'discovery',
      yaml,
      contentType: `${contentType};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`,
    };
  }
  if (params.get('g') !== 'meta.k8s.io' || !['v1', 'v1beta1'].includes(params.get('v') ?? '')) return undefined;
  if (as === 'Table' && offer.table) return { form: 'table', yaml, contentType, version: params.get('v') ?? 'v1' };
  if (as.startsWith('PartialObjectMetadata') && offer.partial)
    return { form: 'partial', yaml, contentType, version: params.get('v') ?? 'v1' };
  return undefined;
}
