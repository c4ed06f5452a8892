import type { KubeObject } from '@typekro/kit/core';
import { ApiError } from '../errors/api-error.ts';
import type { TableSource } from '../table/columns.ts';
import type { TableOptions } from '../table/table.ts';

/** The encoding of a response, whatever its form is. */
export interface Encoding {
  readonly yaml: boolean;
  /** The `Content-Type` of the response. */
  readonly contentType: string;
  /** The requested version of `meta.k8s.io` for a Table or for metadata. */
  readonly version?: string;
}

/** The form of an object, or of another response that is not a table or metadata. */
export interface PlainOutput extends Encoding {
  readonly form: 'object' | 'discovery';
}

/** The form `PartialObjectMetadata`: only the metadata of an object or a list. */
export interface PartialOutput extends Encoding {
  readonly form: 'partial';
  readonly version: string;
  /** Does the request name `PartialObjectMetadataList`? */
  readonly isList: boolean;
}

/** The response form that a request names. */
export type Negotiated = PlainOutput | PartialOutput | (Encoding & { readonly form: 'table' });

/** The form of a response, and for a table also the function that creates the table. */
export type Output =
  | PlainOutput
  | PartialOutput
  | (Encoding & { readonly form: 'table'; readonly tableOf: TablePrinter });

/** Creates a `Table` of a resource's objects. */
export type TablePrinter = (
  source: TableSource,
  objects: readonly KubeObject[],
  metadata: object,
  options: TableOptions,
) => unknown;

/** The default form: an object as JSON. */
export const jsonOutput: PlainOutput = { form: 'object', yaml: false, contentType: 'application/json' };

interface MediaRange {
  readonly type: string;
  /** The preference `q`. Default: 1. */
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

/** Parses the parameter `q`: 1 if it is absent or empty, 0 if it is not a number. */
function qualityOf(text: string | undefined): number {
  if (text === undefined || text === '') return 1;
  const quality = Number(text);
  return Number.isNaN(quality) ? 0 : quality;
}

/**
 * A sort key that is larger for types with more wildcards. Among ranges with equal `q`, more specific ranges come
 * first.
 */
const wildcards = (type: string) => type.split('*').length;

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  return equals < 0 ? [pair, ''] : [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
}

/** The forms that an endpoint offers. */
export interface Offer {
  readonly table?: boolean;
  readonly partial?: boolean;
  readonly discovery?: boolean;
  /** Can clients also watch the endpoint? */
  readonly streams?: boolean;
}

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const TYPES = ['application/json', 'application/yaml', PROTOBUF];
const STREAM_TYPES = TYPES.filter((type) => type !== 'application/yaml').map((type) => `${type};stream=watch`);

/**
 * Chooses the form that an `Accept` header prefers among the forms that the endpoint offers. As in the router of an API
 * server, `application/*` alone does not suffice. This server writes no protobuf objects, so a client that accepts only
 * protobuf gets JSON. This also applies to metadata, but not to tables.
 *
 * @throws ApiError 406 when the header has neither the range of all types nor a media type of the server, or when the
 *   endpoint offers none of the requested forms.
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
  for (const { type, params } of ranges) {
    if (type !== PROTOBUF || params.get('as') === 'Table') continue;
    const output = accept({ type: 'application/json', params }, offer);
    if (output !== undefined) return output;
  }
  throw new ApiError({
    code: 406,
    reason: 'NotAcceptable',
    message: `only the following media types are accepted: ${TYPES.join(', ')}`,
  });
}

function accept({ type, params }: Pick<MediaRange, 'type' | 'params'>, offer: Offer): Negotiated | undefined {
  const yaml = type === 'application/yaml';
  if (!yaml && type !== 'application/json' && type !== '*/*' && type !== 'application/*') return undefined;
  const as = params.get('as');
  const contentType = yaml ? 'application/yaml' : 'application/json';
  if (as === undefined) return { form: 'object', yaml, contentType };
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
  const isList = as === 'PartialObjectMetadataList';
  if ((isList || as === 'PartialObjectMetadata') && offer.partial)
    return { form: 'partial', yaml, contentType, version: params.get('v') ?? 'v1', isList };
  return undefined;
}
