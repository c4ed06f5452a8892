import { expect, test } from 'vitest';
import type { CommandContext } from '../command.ts';
import { reportPrinter } from './print-report.ts';

const data = { fields: [{ path: 'spec.max', to: 9223372036854775807n, from: undefined }] };

test.each([
  ['json', '{\n  "fields": [\n    {\n      "path": "spec.max",\n      "to": 9223372036854775807\n    }\n  ]\n}'],
  ['yaml', 'fields:\n  - path: spec.max\n    to: 9223372036854775807'],
])('-o %s prints integers beyond 2^53 without rounding', (output, text) => {
  const printed: string[] = [];
  const context = { print: (line: string) => void printed.push(line) } as unknown as CommandContext;
  reportPrinter(context, { options: { output }, positionals: [] })({ data, lines: () => [] });
  expect(printed).toEqual([text]);
});
