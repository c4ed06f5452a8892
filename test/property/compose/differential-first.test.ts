import { comparePrograms } from './programs.ts';

comparePrograms(0);
