import { testReadmeExamples } from '../../../test/support/readme-examples.ts';
import * as entry from './index.ts';

testReadmeExamples(new URL('README.md', import.meta.url), 'typekro/cel', entry);
