import { describeGraphSeeds } from './seeds.ts';

describeGraphSeeds();
