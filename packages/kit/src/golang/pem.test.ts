import { expect, test } from 'vitest';
import { goPemBlocks } from './pem.ts';

const A = '-----BEGIN A-----\n';
const END = '-----END A-----\n';

// The results are those of Go 1.26.
test.each<[string, [type: string, hasHeaders: boolean, base64: string][], string]>([
  [`${A}AAAA\n${END}`, [['A', false, 'AAAA']], ''],
  [`text\n${A}AA==\n${END}more`, [['A', false, 'AA==']], 'more'],
  [`${A}Proc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nAAAA\n${END}`, [['A', true, 'AAAA']], ''],
  [
    `${A}${END}${A}A A\tAA\r\n-----END A-----  \t\r\n`,
    [
      ['A', false, ''],
      ['A', false, 'AAAA'],
    ],
    '',
  ],
  [`${A}AAAA\n-----END A-----`, [['A', false, 'AAAA']], ''],
  [`x ${A}AAAA\n${END}`, [], `x ${A}AAAA\n${END}`],
  [`${A}AAAA\n-----END A----- x\n`, [], `${A}AAAA\n-----END A----- x\n`],
  [`${A}AAAA\n-----END B-----\n`, [], `${A}AAAA\n-----END B-----\n`],
  [`${A}AAA\n${END}${A}AAAA\n${END}`, [['A', false, 'AAAA']], ''],
  [`${A}AA=A\n${END}`, [], `${A}AA=A\n${END}`],
  [`-----BEGIN B-----\nx\n${A}AAAA\n${END}`, [['A', false, 'AAAA']], ''],
  [`${A}K: v\n${END}`, [], `${A}K: v\n${END}`],
  [`${A}-----END :\n${A}${END}`, [], `${A}-----END :\n${A}${END}`],
])('the blocks of %j are those of Go', (text, expected, rest) => {
  const found = goPemBlocks(text);
  const blocks = found.blocks.map(({ type, hasHeaders, bytes }) => [type, hasHeaders, bytes.toString('base64')]);
  expect([blocks, found.rest]).toEqual([expected, rest]);
});

test.each(['\n-----BEGIN A-----\n-----END :\n', '\n-----END A', 'K:v\n', ' '])(
  'a text that repeats %j is read in linear time',
  (part) => {
    const text = `${A}${part.repeat(200_000)}x\n${END}`;
    expect(goPemBlocks(text).blocks.length).toBeLessThan(2);
  },
);
