import { describe, expect, test } from 'vitest';
import { forwardHeaders } from '../../test-support/spdy-client.ts';
import { channelPorts, streamRequest } from './forward-request.ts';

const parsing = (text: string, problem: string) =>
  `unable to parse "${text}" as a port: strconv.ParseUint: parsing "${text}": ${problem}`;

describe('the ports of a connection with channels', () => {
  test.each<[readonly string[], readonly number[] | string]>([
    [['80'], [80]],
    [
      ['80,443', '80'],
      [80, 443, 80],
    ],
    [['65535'], [65_535]],
    [[], 'query parameter "port" is required'],
    [['80', ''], 'query parameter "port" cannot be empty'],
    [['80,'], parsing('', 'invalid syntax')],
    [['-1'], parsing('-1', 'invalid syntax')],
    [['65536'], parsing('65536', 'value out of range')],
    [['0'], 'port "0" must be > 0'],
    [[Array.from({ length: 127 }, () => '1').join()], Array.from({ length: 127 }, () => 1)],
    [[Array.from({ length: 128 }, () => '1').join()], 'one connection has at most 127 ports'],
  ])('are parsed or refused for the parameters %j', (values, result) => {
    expect(channelPorts(values)).toEqual(result);
  });
});

describe('the headers of a stream', () => {
  test.each<[Record<string, string>, number, ReturnType<typeof streamRequest>]>([
    [forwardHeaders('data', 80, 7), 3, { type: 'data', port: 80, requestId: '7' }],
    [forwardHeaders('error', 80, 7), 1, { type: 'error', port: 80, requestId: '7' }],
    // Clients before Kubernetes 1.3 send no request ID.
    [forwardHeaders('error', 80), 5, { type: 'error', port: 80, requestId: '5' }],
    [forwardHeaders('data', 80), 7, { type: 'data', port: 80, requestId: '5' }],
    [forwardHeaders('stdin', 80), 1, undefined],
    [forwardHeaders('data', 0), 1, undefined],
    [forwardHeaders('data', 65_536), 1, undefined],
    [forwardHeaders('data', 'http'), 1, undefined],
    [{ streamtype: 'data' }, 1, undefined],
    [{ port: '80' }, 1, undefined],
  ])('%j are parsed or refused for the stream %i', (headers, id, result) => {
    expect(streamRequest(id, new Map(Object.entries(headers)))).toEqual(result);
  });
});
