/** Processor time of 2,000 evaluations that read one field of a large object. */
import { DYN, kroEnvironment } from '@typekro/cel';
import { printTime } from './figures.ts';

const items = Array.from({ length: 1000 }, (_, index) => ({ name: `n${index}`, size: index }));
const variables = new Map<string, unknown>([['schema', { spec: { name: 'a', items } }]]);
const compiled = kroEnvironment({ variables: { schema: DYN } }).compile('schema.spec.name + "-x"');
if (!compiled.ok) throw new Error(compiled.text);
const first = compiled.program.evaluate(variables);
if (!first.ok) throw new Error(first.error.message);
await printTime(() => {
  for (let index = 0; index < 2000; index += 1) compiled.program.evaluate(variables);
});
