import * as kubernetes from '../../packages/sdk/src/factories/kubernetes/index.ts';
import * as typekro from '@typekro/sdk';
import { testReadmeExamples } from '../support/readme-examples.ts';

testReadmeExamples(new URL('../../docs/graphs.md', import.meta.url), 'typekro', typekro, {
  'typekro/kubernetes': kubernetes,
});
