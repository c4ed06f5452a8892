import * as kubernetes from '../../packages/sdk/src/factories/kubernetes/index.ts';
import * as typekro from '@typekro/sdk';
import { testReadmeExamples } from '@typekro/kit/test-support/readme-examples';

testReadmeExamples(new URL('../../docs/graphs.md', import.meta.url), 'typekro', typekro, {
  'typekro/kubernetes': kubernetes,
});
