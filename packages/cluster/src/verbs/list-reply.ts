import { toJsonText } from '../codec/json.ts';
import { isLongYaml, toYamlLine, toYamlText } from '../codec/yaml.ts';
import { ApiError } from '../errors/api-error.ts';
import type { Encoding } from '../protocol/negotiate.ts';
import { replyValue } from '../protocol/reply.ts';
import type { ApiReply } from '../protocol/request.ts';
import { MAX_TURN_MS } from '../work.ts';

/** Lets other requests be handled while a request handles many objects. */
export class Turns {
  readonly #take: () => Promise<unknown>;
  #began = performance.now();

  /** @param take lets other requests be handled; default: one turn of the event loop */
  constructor(take: () => Promise<unknown> = () => new Promise(setImmediate)) {
    this.#take = take;
  }

  /** Called after each object. Waits for a turn if the last one was more than `MAX_TURN_MS` ago. */
  async next(): Promise<void> {
    if (performance.now() - this.#began < MAX_TURN_MS) return;
    await this.#take();
    this.#began = performance.now();
  }
}

/**
 * The maximum length of a list, in bytes. Stored objects need less memory than the objects that a client reads, which
 * can have long defaults.
 */
const MAX_LIST_BYTES = 512 * 1024 * 1024;

/** The length from which on a list that shares no bytes with other responses is made alone, in bytes. */
const LONE_BYTES = 256 * 1024;

/** Settled when the last of these lists is made. */
let lastLone: Promise<unknown> = Promise.resolve();

/** A list whose items are added one by one. */
export interface ListParts {
  /** The list without items. */
  readonly head: object;
  /** The name of the member for the items. */
  readonly member: 'items' | 'rows';
  /** The items, each as a value or as the bytes of its JSON. The values are created one by one, too. */
  readonly items: Iterable<unknown>;
  /** The beginning of the JSON of each item, if `items` are bytes without it. */
  readonly prefix?: string;
}

/**
 * A response with a list, which is printed item by item. A long list in YAML has one line per item. Long lists whose
 * bytes no other response shares, such as those in YAML, are made one after the other: together, they would fill the
 * memory before the first client reads.
 *
 * @throws ApiError 413 when the list is longer than `maxBytes`.
 */
export async function replyParts(
  { head, member, items, prefix = '' }: ListParts,
  output: Encoding,
  headers: Record<string, string>,
  turns = new Turns(),
  maxBytes = MAX_LIST_BYTES,
): Promise<ApiReply> {
  const print = output.yaml ? toYamlLine : toJsonText;
  const [start, separator, end] = output.yaml ? ['- ', '\n', '\n'] : [prefix, ',', ']}'];
  // The chunks of JSON are shared with other responses, so that clients that list at the same time need no copies.
  const [opening, next] = [Buffer.from(start), Buffer.from(`${separator}${start}`)];
  const chunks: Buffer[] = [];
  let values: unknown[] | undefined = output.yaml ? [] : undefined;
  let length = 0;
  let ownBytes = 0;
  let finish: (() => void) | undefined;
  try {
    for (const item of items) {
      const bytes = Buffer.isBuffer(item) ? item : Buffer.from(print(item));
      length += bytes.length;
      if (bytes !== item) ownBytes += bytes.length;
      if (length > maxBytes) throw tooLong(maxBytes);
      chunks.push(chunks.length === 0 ? opening : next, bytes);
      values = isLongYaml(length) ? undefined : values;
      values?.push(item);
      if (ownBytes > LONE_BYTES && finish === undefined) {
        const before = lastLone;
        lastLone = new Promise<void>((resolve) => (finish = resolve));
        await before;
      }
      await turns.next();
    }
  } finally {
    finish?.();
  }
  if (values !== undefined) return replyValue(200, { ...head, [member]: values }, output, headers);
  const first = output.yaml
    ? `${toYamlText(head)}${member}:\n`
    : toJsonText({ ...head, [member]: [] }).slice(0, -']}'.length);
  return {
    status: 200,
    headers: { 'content-type': output.contentType, 'cache-control': 'no-cache, private', ...headers },
    ownBytes,
    body: [Buffer.from(first), ...chunks, Buffer.from(end)],
  };
}

const tooLong = (maxBytes: number): ApiError =>
  new ApiError({
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: `the list has more than ${maxBytes} bytes; request pages of it (limit=100), or fewer objects`,
  });
