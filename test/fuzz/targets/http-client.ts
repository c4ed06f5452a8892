import { AnswerReader } from '../../../packages/kube/src/http/answer-reader.ts';
import { type FuzzTarget, FuzzFinding } from '../fuzz-target.ts';

const ANSWERS = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nx-trailer: t\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204 No Content\r\nconnection: keep-alive, close\r\n\r\n',
  'HTTP/1.0 503 Busy\r\nRetry-After: 1\r\nretry-after: 2\r\n\r\nuntil the end',
  'HEAD\nHTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n',
].map((text) => Buffer.from(text, 'latin1'));

/** Reads a response that arrives in these pieces, and returns the result as a string. */
function read(method: string, pieces: readonly Buffer[]): string {
  const received: string[] = [];
  let body = '';
  let ends = 0;
  const reader = new AnswerReader(method, {
    head: (status, headers) => {
      if (status < 200 || status > 599) throw new FuzzFinding(`the status ${status} was accepted`);
      received.push(`${status} ${JSON.stringify(headers)}`);
    },
    data: (bytes) => {
      if (received.length !== 1 || ends > 0) throw new FuzzFinding('a body outside of an answer');
      body += bytes.toString('latin1');
    },
    end: (open) => {
      ends += 1;
      received.push(`end ${open}`);
    },
  });
  try {
    for (const piece of pieces) {
      // The bytes are valid only until `read` returns. Therefore the test overwrites them.
      const lent = Buffer.from(piece);
      reader.read(lent);
      lent.fill('!');
    }
    received.push(`closed ${reader.close()}`);
  } catch (thrown) {
    if (thrown instanceof FuzzFinding || !(thrown instanceof Error)) throw thrown;
    if (!thrown.message.startsWith("the server's response is not HTTP/1.1: ")) throw thrown;
    received.push(thrown.message);
  }
  if (ends > 1) throw new FuzzFinding(`an answer ended ${ends} times`);
  return `${received.join('\n')}\n${body}`;
}

/**
 * Parses the responses of a server with the reader of the HTTP/1.1 client. The result must not depend on how the bytes
 * are split into pieces.
 */
export const target: FuzzTarget = {
  name: 'http-client',
  dictionary: [
    'HTTP/1.1 ',
    'HTTP/1.0 ',
    '200',
    '204',
    '304',
    '101',
    '100',
    '\r\n',
    '\r\n\r\n',
    '\n',
    ': ',
    'Content-Length: ',
    '0\r\n\r\n',
    'Transfer-Encoding: chunked',
    'Connection: close',
    'gzip, ',
    'ffffffff',
    '18446744073709551616',
    '-1',
    '+5',
    '__proto__: x',
  ],
  seeds: () => ANSWERS,
  generators: [],
  isMutable: true,
  run(input) {
    const isHead = input.subarray(0, 5).toString('latin1') === 'HEAD\n';
    const [method, bytes] = isHead ? ['HEAD', input.subarray(5)] : ['GET', input];
    const whole = read(method, [bytes]);
    const halves = [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)];
    const single = Array.from(bytes.subarray(0, 600), (byte) => Buffer.of(byte));
    for (const pieces of [halves, [...single, bytes.subarray(600)]]) {
      const other = read(method, pieces);
      if (other !== whole)
        throw new FuzzFinding(`in pieces: ${JSON.stringify(other)}; whole: ${JSON.stringify(whole)}`);
    }
    return whole;
  },
};
