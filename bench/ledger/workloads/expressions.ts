/** Processor time to parse 20,000 expressions. */
import { kroEnvironment } from '@typekro/cel';
import { printTime } from './figures.ts';

const environment = kroEnvironment({ variables: {} });
await printTime(() => {
  for (let index = 0; index < 20_000; index += 1)
    environment.parse(`schema.spec.name + "-${index}" == "a" && schema.spec.items.exists(i, i.size > ${index})`);
});
