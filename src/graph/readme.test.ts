import { testReadmeExamples } from '../../test/support/readme-examples.ts';
import * as door from './index.ts';

testReadmeExamples(new URL('README.md', import.meta.url), 'typekro/graph', door);
