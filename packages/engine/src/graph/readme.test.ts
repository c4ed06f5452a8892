import { testReadmeExamples } from '@typekro/kit/test-support/readme-examples';
import * as entry from './entry.ts';

testReadmeExamples(new URL('README.md', import.meta.url), 'typekro/graph', entry);
