import type { KubeObject } from '../../core/index.ts';
import { ApiError } from '../errors/status.ts';
import type { TableSource } from '../table/columns.ts';
import type { TableOptions } from '../table/table.ts';

/** How an answer is written, whatever its form. */
export interface Encoding {
  readonly yaml: boolean;
  /** The value of the answer's content type. */
  readonly contentType: string;
  /** Asked with indentation, by parameter `pretty`. */
  readonly pretty?: boolean;
  /** Version of `meta.k8s.io` that a Table or metadata is asked in. */
  readonly version?: string;
}

/** An answer that any code can write. */
export interface PlainOutput extends Encoding {
  readonly form: 'object' | 'partial' | 'discovery';
}

/** What form of answer a request asks for. */
export type Negotiated = PlainOutput | (Encoding & { readonly form: 'table' });

/** The form of an answer, with what it takes to write it: tables come with the code that prints them. */
export type Output = PlainOutput | (Encoding & { readonly form: 'table'; readonly tableOf: TablePrinter });

/** Makes a `Table` of objects of a resource. */
export type TablePrinter = (
  source: TableSource,
  objects: readonly KubeObject[],
  metadata: object,
  options: TableOptions,
) => unknown;

/** An object as JSON, the answer when nothing else was asked. */
export const jsonOutput: PlainOutput = { form: 'object', yaml: false, contentType: 'application/json' };

interface MediaRange {
  readonly type: string;
  /** Preference, from `q`; 1 unless told. */
  readonly quality: number;
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
        const params = new Map(rest.map((pair) => splitPair(pair)));
        return { type: type.toLowerCase(), quality: qualityOf(params.get('q')), params };
      })
      .sort((a, b) => b.quality - a.quality || wildcards(a.type) - wildcards(b.type));
    if (cache.size > 500) cache.clear();
    cache.set(header, ranges);
  }
  return ranges;
}

/** The preference that `q` states; what is no number is the least. */
function qualityOf(text: string | undefined): number {
  if (text === undefined || text === '') return 1;
  const quality = Number(text);
  return Number.isNaN(quality) ? 0 : quality;
}

/** How unspecific a type is: among ranges of one quality the more specific go first. */
const wildcards = (type: string) => type.split('*').length;

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  return equals < 0 ? [pair, ''] : [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
}

/** Which transformations an endpoint offers. */
export interface Offer {
  readonly table?: boolean;
  readonly partial?: boolean;
  readonly discovery?: boolean;
  /** The endpoint can also be watched. */
  readonly streams?: boolean;
}

const TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const STREAM_TYPES = TYPES.filter((type) => type !== 'application/yaml').map((type) => `${type};stream=watch`);

/**
 * Picks the most wanted form of an `Accept` header that can be given.
 *
 * A range must name a type of the endpoint or everything: the server's router takes no `application/*`.
 * A client that takes protobuf only is answered JSON: this server writes no protobuf objects. Throws 406.
 */
export function negotiate(header: string | undefined, offer: Offer): Negotiated {
  if (header === undefined || header === '' || header === 'application/json') return jsonOutput;
  const ranges = parseAccept(header);
  if (ranges.length === 0) return jsonOutput;
  if (!ranges.some(({ type }) => type === '*/*' || TYPES.includes(type))) {
    const available = offer.streams === true ? [...TYPES, ...STREAM_TYPES] : TYPES;
    throw new ApiError({
      code: 406,
      reason: 'NotAcceptable',
      message: `406: Not Acceptable\n\nAvailable representations: ${available.join(', ')}`,
      details: {},
    });
  }
  for (const range of ranges) {
    const output = accept(range, offer);
    if (output !== undefined) return output;
  }
  if (ranges.some(({ type, params }) => type === 'application/vnd.kubernetes.protobuf' && !params.has('as')))
    return jsonOutput;
  throw new ApiError({
    code: 406,
    reason: 'NotAcceptable',
    message: `only the following media types are accepted: ${TYPES.join(', ')}`,
  });
}

function accept({ type, params }: MediaRange, offer: Offer): Negotiated | undefined {
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
